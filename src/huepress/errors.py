"""What can go wrong, in one family: each class owns an exit code and says the next step."""

from __future__ import annotations


class HuepressError(Exception):
    """Base of every error that huepress raises on purpose.

    The message is one sentence for a person: what is wrong and what to do next.
    """

    exit_code = 1


class OptionError(HuepressError, ValueError):
    """An option has a value that makes no sense (exit code 2)."""

    exit_code = 2


class InputError(HuepressError):
    """An input is missing, unreadable or of the wrong kind (exit code 3)."""

    exit_code = 3


class DecodeError(HuepressError):
    """An input is not an image, or a damaged one (exit code 4)."""

    exit_code = 4


class UnsupportedError(DecodeError):
    """An input is a sound image of a kind that cannot be compressed; runs over many keep it (exit code 4)."""


class OutputError(HuepressError):
    """An output exists already or cannot be written (exit code 5)."""

    exit_code = 5


class LimitError(HuepressError):
    """An image is larger than the limit allows (exit code 6)."""

    exit_code = 6


class TargetError(HuepressError):
    """No version of an image meets what was asked for (exit code 7)."""

    exit_code = 7
