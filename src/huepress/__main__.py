"""``python -m huepress``: the program, where its own name is not on the path."""

from __future__ import annotations

from huepress.cli.main import main

if __name__ == "__main__":
    main()
