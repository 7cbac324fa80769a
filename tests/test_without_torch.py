"""Without PyTorch: what needs it says how to get it, and nothing else asks for it."""

import subprocess
import sys

from conftest import HANG

HIDDEN = "import sys; sys.modules['torch'] = None\n"


def result_of(code):
    return subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=HANG)


def test_the_module_says_what_to_install():
    done = result_of(HIDDEN + "import huepress.torch")
    assert done.returncode == 1 and "Traceback" in done.stderr
    assert done.stderr.splitlines()[-1] == (
        "ModuleNotFoundError: huepress.torch needs PyTorch; install it with: pip install 'huepress[torch]'"
    )


def test_the_package_does_not_ask_for_it():
    asked = "import sys, huepress, huepress.ml, huepress.cli.main; sys.exit('torch' in sys.modules)"
    assert result_of(asked).returncode == 0
    assert result_of(HIDDEN + "import huepress, huepress.ml, huepress.cli.main").returncode == 0


def test_a_torch_that_lacks_something_speaks_for_itself(tmp_path):
    (tmp_path / "torch.py").write_text("import it_is_not_there")
    done = result_of(f"import sys; sys.path.insert(0, {str(tmp_path)!r})\nimport huepress.torch")
    assert "No module named 'it_is_not_there'" in done.stderr and "pip install" not in done.stderr
