"""What a type checker tells users of the library."""

import subprocess
import sys
from pathlib import Path

USES = {
    "right": """
import huepress
import numpy as np

picture = np.zeros((4, 4, 3), np.uint8)
result: huepress.Result = huepress.compress(picture, n_colors=16, effort=3, pin="#f00", quality="60-80")
huepress.compress("photo.png", palette="colors.gpl", format="webp", dither="none")
huepress.quantize(picture, 4, seed=1)
huepress.compare("photo.png", [4, 8], effort=[1, 5]).save("x.html")
frame: huepress.Frame = next(iter(result.frames))
""",
    "n_colours": 'import huepress\nhuepress.compress("x.png", n_colours=32)\n',
    "effort": 'import huepress\nhuepress.compress("x.png", effort="hard")\n',
    "format": 'import huepress\nhuepress.compress("x.png", format="pgn")\n',
    "image": "import huepress\nhuepress.compress(7)\n",
}


def test_mypy_tells_wrong_calls_from_right_ones(tmp_path):
    for name, code in USES.items():
        (tmp_path / f"{name}.py").write_text(code)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--config-file=", *(f"{n}.py" for n in USES)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    wrong = {Path(line.split(":")[0]).stem for line in done.stdout.splitlines() if ": error:" in line}
    assert wrong == set(USES) - {"right"}, done.stdout + done.stderr
