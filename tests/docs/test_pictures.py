"""The figures below the documentation's pictures are today's."""

import io
import json
import re
from pathlib import Path

import pytest
from PIL import Image

import huepress
import scenes

ROOT = Path(__file__).parents[2]
FIGURES = json.loads((ROOT / "docs" / "first-look.json").read_text())


def original(name):
    if name == "screen":
        pixels = scenes.screen()
    else:
        pixels = pytest.importorskip("skimage.data", reason="scikit-image is not installed (extra demo)").coffee()
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["screen", "coffee"])
def test_the_first_look_is_todays(name):
    """Versions of zlib and FreeType differ by little; `make pictures` draws it anew where this fails."""
    data, told = original(name), FIGURES[name]
    made = huepress.compress(data)
    assert len(data) == pytest.approx(told["original"]["bytes"], rel=0.02)
    assert len(bytes(made)) == pytest.approx(told["huepress"]["bytes"], rel=0.02)
    score = huepress.score(data, bytes(made))
    assert score.ssimulacra2 == pytest.approx(told["huepress"]["score"], abs=0.5)


def test_the_readme_says_these_figures():
    text = re.sub(r"\s+", " ", (ROOT / "README.md").read_text())
    for facts in FIGURES.values():
        for by in ("huepress", "pngquant"):
            assert f"{facts[by]['bytes'] / 1000:.1f} kB" in text and str(facts[by]["score"]) in text


def test_the_peer_takes_no_more_bytes():
    assert all(facts["pngquant"]["bytes"] <= facts["huepress"]["bytes"] for facts in FIGURES.values())
