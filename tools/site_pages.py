"""Hook of MkDocs (``mkdocs.yml``): pages that are made while the site is built, so that none can go stale.

* ``commands/``: a page for every command, from the program's own help; ``docs/examples/COMMAND.md`` is put below it.
* ``library/``: everything in ``huepress.__all__``, from the docstrings.
* ``try-core.js``: the package of `make wasm`, for the page that compresses pictures.
* Documents that live elsewhere in the repository (``ELSEWHERE``).

Fences tagged ``math`` hold LaTeX and become MathML, which browsers draw without any script.
"""

from __future__ import annotations

import base64
import inspect
import json
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from latex2mathml.converter import convert
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

import huepress
from huepress.cli.command import GROUPS, GroupedCommand, Option
from huepress.cli.main import cli
from huepress.errors import HuepressError

ROOT = Path(__file__).parents[1]
ELSEWHERE = {
    "architecture.md": "ARCHITECTURE.md",
    "benchmarks.md": "bench/README.md",
    "changelog.md": "CHANGELOG.md",
    "contributing.md": "CONTRIBUTING.md",
    "javascript.md": "wasm/README.md",
}
# What docs/try.js works with.
CORE_SCRIPT, BUILT_CORE = "try-core.js", ROOT / "build" / "wasm"
_LINK = re.compile(r"(?<=\]\()([^)#:\s]+)(?=[)#])")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Complete the navigation and teach the fences mathematics."""
    docs = Path(config.docs_dir)
    sections = {"commands/": list(command_pages()), "library/": list(library_pages())}
    nav: list[Any] = []
    for entry in config.nav or []:
        title, content = next(iter(entry.items())) if isinstance(entry, dict) else (None, entry)
        nav.append({title: sections[content]} if isinstance(content, str) and content in sections else entry)
    named = set(re.findall(r"[\w/.-]+\.md", str(nav)))
    guides: list[str] = next(entry["Guides"] for entry in nav if "Guides" in entry)
    guides += sorted(page.name for page in docs.glob("*.md") if page.name not in named)
    config.nav = nav
    fence = {"name": "math", "class": "math", "format": math}
    config.mdx_configs.setdefault("pymdownx.superfences", {})["custom_fences"] = [fence]
    config.watch += [str(ROOT / "src"), *(str(ROOT / path) for path in ELSEWHERE.values())]
    return config


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages that are made."""
    texts = {**command_pages(), **library_pages()}
    texts |= {page: (ROOT / path).read_text(encoding="utf-8") for page, path in ELSEWHERE.items()}
    texts[CORE_SCRIPT] = core_script(BUILT_CORE)
    for page, text in texts.items():
        files.append(File.generated(config, page, content=text))
    return files


def core_script(package: Path) -> str:
    """Return the npm package as a script that also works from the disk; without a package (`make wasm`) it says so.

    Parameters
    ----------
    package : Path
        The folder of `index.js` and `huepress.wasm`.
    """
    if not (package / "huepress.wasm").exists():
        return "globalThis.huepressCore = null;\n"
    # From the disk browsers start classic workers only.
    source = re.sub(r"^export ", "", (package / "index.js").read_text(encoding="utf-8"), flags=re.M)
    held = {
        "source": source.replace("import.meta.url", "location"),
        "module": base64.b64encode((package / "huepress.wasm").read_bytes()).decode("ascii"),
    }
    return f"globalThis.huepressCore = {json.dumps(held)};\n"


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links between files of the repository into links between pages."""
    here = page.file.src_uri
    home = posixpath.dirname(ELSEWHERE.get(here, f"docs/{here}"))
    pages = {path: name for name, path in ELSEWHERE.items()}

    def on_site(match: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(home, match[1]))
        target = pages.get(path, path.removeprefix("docs/"))
        return posixpath.relpath(target, posixpath.dirname(here) or ".")

    return _LINK.sub(on_site, markdown) if here in ELSEWHERE or (ROOT / "docs" / here).exists() else markdown


def math(source: str, *_: Any, **__: Any) -> str:
    """Return LaTeX as MathML."""
    return str(convert(source.strip(), display="block"))


def commands(command: click.Command = cli, parent: click.Context | None = None) -> Iterator[click.Context]:
    """Yield a context for the program and for every command in it, groups before their members."""
    name = command.name if parent else "huepress"
    context = command.context_class(command, parent=parent, info_name=name, **command.context_settings)
    yield context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            member = command.get_command(context, name)
            if member is not None and not member.hidden:
                yield from commands(member, context)


def command_pages() -> dict[str, str]:
    """Return the pages of the commands, the program's own first."""
    return {_page_of(context): _command_text(context) for context in commands()}


def _page_of(context: click.Context) -> str:
    name = "-".join(context.command_path.split()[1:])
    return f"commands/{name or 'index'}.md"


def _command_text(context: click.Context) -> str:
    command = context.command
    usage = command.get_usage(context).removeprefix("Usage: ")
    parts = [f"# {context.command_path}", _prose(command.help or ""), f"```text\n{usage}\n```"]
    example = ROOT / "docs" / "examples" / Path(_page_of(context)).name
    if example.exists():
        parts.append(example.read_text(encoding="utf-8"))
    if isinstance(command, GroupedCommand) and not example.exists():
        parts.append("```sh\n" + "\n".join(command.examples) + "\n```")
    parts += _options_text(command, context)
    if isinstance(command, click.Group):
        members = [c for c in commands(command, context.parent) if c.parent and c.parent.command is command]
        rows = [
            (f"[`{c.command_path}`]({posixpath.basename(_page_of(c))})", _escaped(c.command.get_short_help_str(200)))
            for c in members
        ]
        parts.insert(3, "## Commands\n\n" + _table(("command", "what it does"), rows))
    if context.parent is None:
        parts.append("## Exit codes\n\n" + _table(("code", "meaning"), _exit_codes()))
    return "\n\n".join(parts) + "\n"


def _options_text(command: click.Command, context: click.Context) -> Iterator[str]:
    """Yield a table of the options; of commands with groups one for each."""
    params = [p for p in command.get_params(context) if isinstance(p, click.Option) and not p.hidden]
    heads = ("option", "value", "what it does", "default")
    yield "## Options"
    if isinstance(command, GroupedCommand):
        for group in GROUPS:
            options = command.in_group(context, params, group)
            if options:
                yield f"### {group.capitalize()}\n\n" + _table(heads, map(_option_row, options))
        yield "### Help"
    yield _table(heads, [_option_row(each) for each in params if not isinstance(each, Option)])


def _option_row(option: click.Option) -> tuple[str, str, str, str]:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    head, text = option.get_help_record(click.Context(cli)) or ("", "")
    notes = "; ".join(re.findall(r"\s\[([^\]]*)\](?=\s|$)", text))
    default = re.search(r"default: ((?:[^;]|;(?! ?[\dx]))*)", notes)
    required = "required" if option.required else ""
    what = re.sub(r"\s+\[[^\]]*\](?=\s|$)", "", text)
    return names, _value(option, head), _escaped(what), _escaped(default[1].strip() if default else required)


def _value(option: click.Option, head: str) -> str:
    """Say what an option takes; `head` is how the program writes it: ``-k, --colors K``."""
    kind = option.type
    if option.is_flag or option.count:
        return ""
    if isinstance(kind, click.Choice) and not option.metavar:
        return ", ".join(f"`{choice}`" for choice in kind.choices)
    if isinstance(kind, click.IntRange | click.FloatRange) and not option.metavar:
        low = "" if kind.min is None else f"{'above' if kind.min_open else 'from'} {kind.min:g}"
        high = "" if kind.max is None else f"{'below' if kind.max_open else 'to'} {kind.max:g}"
        return f"{low} {high}".strip()
    shown = head.split(max(option.opts, key=head.find), 1)[-1].strip()
    listed = ",..." if shown.endswith(",...") else ""
    parts = shown.removesuffix(",...").strip("[]").split("|")
    return (" or " if not listed else ", ").join(f"`{part}`" for part in parts) + (" (a list)" if listed else "")


def _exit_codes() -> Iterator[tuple[str, str]]:
    yield "0", "Everything is done; where a result was no smaller, the original is kept."
    yield "1", "One of several inputs failed."
    for error in sorted(HuepressError.__subclasses__(), key=lambda e: e.exit_code):
        yield str(error.exit_code), _escaped((error.__doc__ or "").split(" (exit code")[0] + ".")
    yield "130", "Interrupted."


def _prose(text: str) -> str:
    """Return help as Markdown; a paragraph that the program shows as it is, is shown so here."""
    paragraphs = inspect.cleandoc(text).split("\f")[0].strip().split("\n\n")
    fenced = [f"```text\n{p[2:].rstrip()}\n```" if p.startswith("\b\n") else _escaped(p) for p in paragraphs]
    return "\n\n".join(fenced)


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>#|])", r"\\\1", text).replace("\\<", "&lt;").replace("\\>", "&gt;")


def _table(heads: tuple[str, ...], rows: Any) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def library_pages() -> dict[str, str]:
    """Return the pages of the library: everything that the package exports, by kind."""
    kinds: dict[str, list[str]] = {"functions": [], "classes": [], "errors": []}
    for name in sorted(set(huepress.__all__) - {"__version__"}, key=str.casefold):
        value = getattr(huepress, name)
        is_error = inspect.isclass(value) and issubclass(value, BaseException)
        kinds["errors" if is_error else "classes" if inspect.isclass(value) else "functions"].append(name)
    return {
        f"library/{kind}.md": f"# {kind.capitalize()}\n\n" + "\n".join(map(_object_text, names))
        for kind, names in kinds.items()
    }


def _object_text(name: str) -> str:
    home = getattr(huepress, name).__module__
    return f"::: {home}.{name}\n    options:\n      heading: huepress.{name}\n      toc_label: {name}\n"
