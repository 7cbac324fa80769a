"""Make the images of a pull request smaller, once, and say what it saved: the work of action.yml.

    python tools/pull_request.py BASE [--comment FILE] [COMPRESS OPTIONS ...]

Takes the files that this branch has added or changed since it left BASE, compresses them in place and writes a table in
Markdown. Results bear a mark by which they are known: no file is done twice, in this pull request or another.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

KINDS = (".png", ".webp", ".gif")


def changed_since(base: str) -> list[str]:
    """Return the images that this branch added or changed, by their paths below the repository's root."""
    command = ["git", "diff", "--name-only", "-z", "--diff-filter=AMR", f"{base}...HEAD"]
    told = subprocess.run(command, check=True, capture_output=True).stdout.decode("utf-8", "surrogateescape")
    return [name for name in told.split("\0") if name.lower().endswith(KINDS) and not Path(name).is_symlink()]


def compressed(names: list[str], options: list[str]) -> list[dict[str, Any]]:
    """Run the program on all files at once; return its report's rows."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        command = [sys.executable, "-m", "huepress", "compress", "--files-from", "-", "-0", "--in-place", "--quiet"]
        given = "\0".join(names).encode("utf-8", "surrogateescape")
        code = subprocess.run([*command, "--report", str(report), *options], input=given, check=False).returncode
        if not report.exists():
            raise SystemExit(code or 1)
        rows: list[dict[str, Any]] = json.loads(report.read_text(encoding="utf-8"))["files"]
        return rows


def kilobytes(n_bytes: int) -> str:
    """Return a size for people."""
    return f"{n_bytes / 1000:,.1f} kB"


def table(rows: list[dict[str, Any]]) -> str:
    """Return what was saved, in Markdown; nothing where nothing was."""
    smaller = [row for row in rows if row["status"] == "compressed"]
    if not smaller:
        return ""
    before, after = (sum(row[side] for row in smaller) for side in ("bytes_in", "bytes_out"))
    lines = [
        f"huepress made {len(smaller)} image{'s' if len(smaller) > 1 else ''} smaller: {kilobytes(before)} became "
        f"**{kilobytes(after)}** ({1 - after / before:.0%} saved).",
        "",
        "| image | before | after | saved |",
        "|---|---:|---:|---:|",
    ]
    for row in smaller:
        sizes = row["bytes_in"], row["bytes_out"]
        name = "".join(f"&#{ord(c)};" if c in "<>&|`*_[]\\@#\n\r" else c for c in row["input"])
        lines.append(f"| {name} | {kilobytes(sizes[0])} | {kilobytes(sizes[1])} | {1 - sizes[1] / sizes[0]:.0%} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Compress and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", help="where the branch left, such as origin/main")
    parser.add_argument("--comment", type=Path, help="file for the table; not written where nothing was saved")
    asked, options = parser.parse_known_args()
    names = changed_since(asked.base)
    text = table(compressed(names, options)) if names else ""
    if text and asked.comment:
        asked.comment.write_text(text, encoding="utf-8")
    print(text or "no image became smaller")
    return 0


if __name__ == "__main__":
    sys.exit(main())
