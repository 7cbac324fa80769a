"""Write what shells and `man` know of the program into share/, which wheels install: `make shell-files`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SHARE = Path(__file__).parents[1] / "share"
FILES = {
    "man/man1/huepress.1": ["man"],
    "bash-completion/completions/huepress": ["completion", "bash"],
    "zsh/site-functions/_huepress": ["completion", "zsh"],
    "fish/vendor_completions.d/huepress.fish": ["completion", "fish"],
}


def main() -> None:
    """Ask the program for each file."""
    for name, words in FILES.items():
        path = SHARE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        said = subprocess.run([sys.executable, "-m", "huepress", *words], check=True, capture_output=True, text=True)
        path.write_text(said.stdout.rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
