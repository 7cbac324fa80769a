"""Borders that the import contracts cannot see: the compiled module, printing, the C++ core."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "huepress"
MAY_CALL_THE_CORE = {"engine", "formats", "ml", "pipeline", "segmentation"}  # folders
MAY_OPEN_PATHS = {"files.py"}


def modules():
    return {p.relative_to(PACKAGE).as_posix(): p.read_text() for p in PACKAGE.rglob("*.py")}


def test_only_the_stages_call_the_core():
    callers = {name for name, text in modules().items() if re.search(r"import _core|huepress\._core", text)}
    assert {name.split("/")[0] for name in callers} == MAY_CALL_THE_CORE


def test_only_the_command_line_prints():
    for name, text in modules().items():
        calls = {
            n.func.id for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
        }
        assert "print" not in calls, name
        assert "open" not in calls or name in MAY_OPEN_PATHS, name


def test_only_the_bindings_know_python():
    for path in (ROOT / "core").rglob("*.?pp"):
        assert path.parent.name == "bindings" or not re.search(
            r"nanobind|Python\.h|<iostream>|<fstream>", path.read_text()
        )


def test_the_kernel_uses_no_inline_function_of_another_header():
    """One compiled for a newer instruction set could be the copy that the linker keeps."""
    harmless = {"cstddef", "cstdint", "cstring", "math.h", "immintrin.h", "arm_neon.h", "support/vectors.hpp"}
    for kernel in ("nearest_kernel", "ssimulacra2_kernels", "ranking_kernel"):
        texts = [next((ROOT / "core").glob(f"*/{kernel}.{ending}")).read_text() for ending in ("cpp", "hpp")]
        includes = set(re.findall(r"#include [<\"](.*?)[>\"]", "".join(texts)))
        assert includes <= harmless | {
            next((ROOT / "core").glob(f"*/{kernel}.hpp")).relative_to(ROOT / "core").as_posix()
        }

    vectors = (ROOT / "core/support/vectors.hpp").read_text()
    shared = vectors[: vectors.index("namespace plain {")] + vectors[vectors.index("}  // namespace plain") :]
    functions = re.findall(r"^(.*)\) \{$", shared, re.MULTILINE)
    assert len(functions) > 5 and all(each.startswith("static inline ") for each in functions)


def test_compilers_own_words_stand_in_one_header():
    """Others than GCC and Clang compile the rest as well."""
    for path in (ROOT / "core").rglob("*.?pp"):
        own = set(re.findall(r"__(?:attribute__|builtin_\w+|int128|extension__)", path.read_text()))
        allowed = {
            "vectors.hpp": {"__attribute__", "__builtin_convertvector"},
            "simd.cpp": {"__builtin_cpu_supports"},
        }
        assert own <= allowed.get(path.name, set()), path


def test_files_stay_readable():
    for path in [*PACKAGE.rglob("*.py"), *(ROOT / "core").rglob("*.?pp"), *(ROOT / "tests").rglob("*.py")]:
        assert len(path.read_text().splitlines()) <= 400, path


def test_constants_are_the_derived_ones():
    import runpy

    for name in ("color_constants", "eye_filter"):
        derived = runpy.run_path(str(ROOT / "tools" / f"derive_{name}.py"))["header"]()
        assert next((ROOT / "core").glob(f"*/{name}.hpp")).read_text() == derived


def raised_texts():
    """Every text in a call of an error, below the command line, with its place."""
    for name, text in modules().items():
        if name.startswith("cli/"):
            continue
        for node in ast.walk(ast.parse(text)):
            called = getattr(getattr(node, "func", None), "id", "")
            if isinstance(node, ast.Call) and (called.endswith("Error") or called in ("Decision", "replace")):
                for part in ast.walk(node):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        yield f"{name}:{part.lineno}", part.value


def test_the_library_names_no_flag():
    texts = list(raised_texts())
    assert len(texts) > 200
    flagged = [(place, text) for place, text in texts if re.search(r"(^|[\s(])(--[a-z]|-[a-z]\b)", text)]
    assert not flagged


def test_every_remedy_has_words_on_the_command_line():
    from huepress.cli.output import words_for
    from huepress.errors import Remedy

    for remedy in Remedy:
        assert not re.search(r"(^|\s)--?[a-z]", remedy.value)
        assert "=True" not in words_for(remedy) and "='" not in words_for(remedy), remedy


def test_the_table_of_public_names_is_complete():
    import huepress

    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    imported = {
        alias.name
        for block in tree.body
        if isinstance(block, ast.If)
        for node in ast.walk(block)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert imported | {"__version__"} == set(huepress.__all__) == set(huepress._HOME) | {"__version__"}
    assert all(getattr(huepress, name) is not None for name in huepress.__all__)


def test_what_is_missing_is_worded_once():
    said = [path.name for path in PACKAGE.rglob("*.py") if "with: pip install" in path.read_text(encoding="utf-8")]
    assert said == ["errors.py"]
