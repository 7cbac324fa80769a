"""Options are declared once: what hangs on the declarations, and what a new one must not change."""

import dataclasses
import math
from dataclasses import dataclass

import pytest

import huepress
from huepress.archive.tasks import Settings
from huepress.comparison.compare import CompareKeywords
from huepress.declare import fingerprint, option, specs, wishes
from huepress.delivering import Delivery
from huepress.inputs import EngineKeywords, OptionKeywords
from huepress.options import Options
from huepress.storage.local import LocalStore


def names(keywords) -> set[str]:
    return set(keywords.__annotations__)


def test_keyword_types_name_the_fields():
    fields = {each.name for each in dataclasses.fields(Options)}
    assert names(OptionKeywords) | names(EngineKeywords) == fields
    assert names(CompareKeywords) == names(EngineKeywords)
    assert set(specs(Options)) == fields


@dataclass(frozen=True, kw_only=True)
class NewerOptions(Options):
    """The options of a later version: one more."""

    sharpen: float = option(0.0, help="A new one.", within=(0, 1), whole=False)


def settings(options) -> Settings:
    return Settings(options, LocalStore("a"), LocalStore("b"))


@pytest.mark.parametrize("chosen", [{}, {"n_colors": 16}, {"quality": 60, "pin": "#f00"}, {"max_size": "9kB"}])
def test_a_new_option_leaves_old_marks_and_ledgers_valid(chosen):
    old, new = settings(Options(**chosen)), settings(NewerOptions(**chosen))
    assert old.mark == new.mark and old.fingerprint() == new.fingerprint()
    assert settings(NewerOptions(**chosen, sharpen=0.5)).mark != old.mark


def test_what_affects_results_is_told_apart():
    plain = settings(Options())
    assert settings(Options(jobs=1, max_pixels=10)).fingerprint() == plain.fingerprint()
    assert settings(Options(format="gif")).mark == plain.mark
    assert settings(Options(format="gif")).fingerprint() != plain.fingerprint()
    for changed in ({"n_colors": 9}, {"rate": 2.0}, {"quality": 70}, {"init": "#000,#fff", "n_colors": 2}):
        assert settings(Options(**changed)).mark != plain.mark, changed


def test_fingerprints_stay_what_they_were():
    """Files in the world carry these; another value would make strangers of them."""
    assert fingerprint(dict(wishes(Options(n_colors=16, quality="60-80"), "result")), 12) == "1664c3a8b56d"
    assert fingerprint(dict(wishes(Options(pin="#f00"), "result")), 12) == "167d5c919bab"


@pytest.mark.parametrize("name", [n for n, spec in specs(Options).items() if spec.is_checked and n != "n_colors"])
@pytest.mark.parametrize("value", [math.nan, -math.inf, "nonsense", -1, 10**30, object()])
def test_nonsense_is_refused(name, value):
    with pytest.raises(huepress.OptionError, match=f"{name} must be"):
        Options(**{name: value})


@pytest.mark.parametrize("value", [math.nan, math.inf, -0.1, 1.0, True, "0.5"])
def test_savings_are_a_part(value):
    with pytest.raises(huepress.OptionError, match="min_saving"):
        Delivery(min_saving=value)


def test_public_signatures_have_no_any():
    for name in huepress.__all__:
        value = getattr(huepress, name)
        if callable(value) and not isinstance(value, type):
            assert not [key for key, hint in value.__annotations__.items() if "Any" in str(hint)], name
