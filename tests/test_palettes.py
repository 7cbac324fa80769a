"""One palette for several images, and the merging of color histograms."""

import functools
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import huepress
from archive.trees import many
from huepress import api
from huepress.engine import histogram
from huepress.engine.histogram import count_colors, merge_tables, weigh_image
from huepress.model import ColorHistogram

pictures = hnp.arrays(
    np.uint8,
    st.tuples(st.integers(1, 6), st.integers(1, 6), st.sampled_from([3, 4])),
    elements=st.integers(0, 3),
)


def table_of(pixels):
    return weigh_image(count_colors(api.load(pixels, max_pixels=10**6), threads=1))


def same(a, b):
    return a.colors_srgb8.tobytes() == b.colors_srgb8.tobytes() and a.counts.tobytes() == b.counts.tobytes()


@given(st.lists(pictures, min_size=1, max_size=6), st.randoms())
def test_merging_is_associative_and_has_no_order(images, random):
    tables = [table_of(image) for image in images]
    once = merge_tables(tables)
    tree = list(tables)
    while len(tree) > 1:
        a = tree.pop(random.randrange(len(tree)))
        b = tree.pop(random.randrange(len(tree)))
        tree.append(merge_tables([a, b]))
    assert same(merge_tables(tree), once)
    assert int(once.counts.sum()) == sum(int(table.counts.sum()) for table in tables)


@given(st.lists(pictures, min_size=1, max_size=4))
def test_merging_equals_a_dictionary(images):
    expected = {}
    for image in images:
        table = table_of(image)
        for color, count in zip(table.colors_srgb8.tolist(), table.counts.tolist(), strict=True):
            key = (*color, 255)[:4]
            expected[key] = expected.get(key, 0) + count
    merged = merge_tables(map(table_of, images))
    assert [(*color, 255)[:4] for color in merged.colors_srgb8.tolist()] == sorted(expected)
    assert merged.counts.tolist() == [expected[key] for key in sorted(expected)]


def test_every_image_weighs_the_same(photo):
    small, large = photo[:10, :10], np.repeat(np.repeat(photo, 2, 0), 2, 1)
    for pixels in (small, large, photo[:1, :1]):
        total = int(table_of(pixels).counts.sum())
        assert total == pytest.approx(1 << 40, rel=1e-6)
    assert same(table_of(photo), table_of(large))
    gray = np.zeros((90, 90, 3), dtype=np.uint8)
    white = np.full((2, 3, 3), 255, dtype=np.uint8)
    merged = merge_tables([table_of(gray), table_of(white)])
    assert merged.counts[0] == merged.counts[1]


def test_nothing_to_merge():
    with pytest.raises(ValueError, match="nothing"):
        merge_tables([])
    with pytest.raises(huepress.OptionError, match="no image"):
        huepress.shared_palette([])


def test_the_smaller_picture_is_served_as_well(photo, sunset):
    """Pooling pixels instead would give a stamp among posters no color of its own."""
    poster = np.repeat(np.repeat(photo, 3, 0), 3, 1)
    stamp = sunset[::6, ::6]
    fair = huepress.shared_palette([poster, stamp], 16)
    pooled = functools.reduce(
        lambda a, b: merge_tables([a, b]),
        (count_colors(api.load(p, max_pixels=10**7), threads=1) for p in (poster, stamp)),
    )
    counts = np.minimum(pooled.counts, 2**32 - 1).astype(np.uint32)
    from huepress.engine.palette import fit_palette
    from huepress.options import Options

    by_pixels = fit_palette(ColorHistogram(pooled.colors_srgb8, counts), Options(n_colors=16)).palette
    error = {}
    for name, palette in (("fair", fair), ("pixels", by_pixels)):
        error[name] = huepress.compress(stamp, palette=palette).report.mse
    assert error["fair"] < 0.8 * error["pixels"]
    alone = huepress.compress(stamp, n_colors=16).report.mse
    assert alone <= error["fair"]


def test_one_image_alone_gets_its_own_palette(photo):
    own = huepress.quantize(photo, 20).palette
    assert huepress.shared_palette([photo], 20, space="srgb").hex() == own.hex()


def test_reads_one_image_after_the_other(photo):
    events = []

    def images():
        for i in range(3):
            events.append(f"give {i}")
            yield photo[i * 10 : i * 10 + 10]

    palette = huepress.shared_palette(images(), 8, pin="#ff0000")
    assert events == ["give 0", "give 1", "give 2"] and len(palette) == 8 and "#ff0000" in palette.hex()
    again = huepress.shared_palette([photo[20:30], photo[10:20], photo[:10]], 8, pin="#ff0000")
    assert again.hex() == palette.hex(), "the order of the images is nothing"


def test_opaque_pictures_stay_opaque_beside_a_translucent_one(photo, badge):
    palette = huepress.shared_palette([photo, badge], 12)
    assert palette.translucent
    assert (huepress.quantize(photo, palette=palette).to_array()[:, :, 3] == 255).mean() > 0.99


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_tree_shares_the_palette_of_all_its_images(run, photo, tmp_path, jobs):
    many(tmp_path / "src", photo, 6)
    (tmp_path / "src" / "cut.png").write_bytes(b"no")
    done = run("compress", "-r", "src", "-o", "dst", "--shared-palette", "-k", 16, "-j", jobs)
    assert done.returncode == 1 and done.stderr.count(b"\n") == 1 and b"cut.png" in done.stderr
    images = sorted((tmp_path / "src").glob("?.png"))
    expected = huepress.shared_palette(images, 16)
    for path in images:
        result = huepress.compress(path, palette=expected)
        assert (tmp_path / "dst" / path.name).read_bytes() == result.encoded.data


def test_nothing_to_share(run, tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "cut.png").write_bytes(b"no")
    done = run("compress", "-r", "src", "-o", "dst", "--shared-palette")
    assert done.returncode == 1 and done.stderr.count(b"\n") == 1 and b"cut.png" in done.stderr


@given(st.lists(pictures, min_size=1, max_size=9), st.integers(1, 60))
def test_sums_are_the_same_however_often_they_are_sorted(images, waiting):
    chosen = [table_of(image) for image in images]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(histogram, "_WAITING", waiting)
        assert same(merge_tables(iter(chosen)), merge_tables(chosen[::-1]))


def test_in_place_a_shared_palette_stays_what_it_was(run, photo, tmp_path):
    many(tmp_path / "src", photo, 5)
    call = ("compress", "-r", "--in-place", "src", "--shared-palette", "-k", 12, "--json")
    first = [json.loads(row) for row in run(*call, "--exclude", "4.png").stdout.splitlines()]
    before = {path.name: path.read_bytes() for path in (tmp_path / "src").glob("[0-3].png")}
    rows = {row["input"]: row for row in map(json.loads, run(*call).stdout.splitlines())}
    assert {name for name, row in rows.items() if row["status"] == "compressed"} == {"4.png"}
    assert rows["4.png"]["palette"] == first[0]["palette"]
    assert {name: (tmp_path / "src" / name).read_bytes() for name in before} == before


def test_one_color_is_the_mean_of_what_is_visible_and_the_most_frequent_is_told():
    pixels = np.zeros((4, 4, 4), np.uint8)
    pixels[0] = 200, 0, 0, 255
    pixels[1, :3] = 0, 100, 0, 255
    pixels[1, 3] = 0, 100, 0, 0  # clear, as all below: not seen, not counted
    found = huepress.extract_palette(pixels, 1, space="srgb")
    assert found.palette.colors_srgb8[:, :3].tolist() == [[round(800 / 7), round(300 / 7), 0]]
    assert found.palette.hex() == ["#722b00"] and found.shares.tolist() == [1.0]
    assert found.frequent == ((200, 0, 0, 255), 4 / 16)
    assert found.most_frequent.palette.hex() == ["#c80000"] and found.most_frequent.names == ("firebrick",)


def test_the_mean_counts_pixels_by_their_alpha():
    pixels = np.array([[[200, 0, 0, 255], [0, 0, 100, 51], [0, 0, 100, 51], [0, 0, 100, 51]]], np.uint8)
    mean = (200 + 0) / (1 + 0.6), 0.6 * 100 / 1.6
    found = huepress.extract_palette(pixels, 1, space="srgb").palette.colors_srgb8
    assert np.abs(found[0, [0, 2]].astype(float) - mean).max() <= 1
    assert found.shape[1] == 3 or found[0, 3] == 255


@pytest.mark.parametrize("space", ["srgb", "oklab"])
def test_one_color_of_a_picture_without_alpha(photo, space):
    found = huepress.extract_palette(photo, 1, space=space)
    assert len(found) == 1
    if space == "srgb":
        mean = np.asarray(photo).reshape(-1, 3).mean(axis=0)
        assert np.abs(found.palette.colors_srgb8[0] - mean).max() <= 0.51
    values, counts = np.unique(np.asarray(photo).reshape(-1, 3), axis=0, return_counts=True)
    assert found.frequent is not None
    assert found.frequent[0] == (*values[np.argmax(counts)].tolist(), 255)


def test_a_wholly_clear_picture_has_a_clear_palette():
    found = huepress.extract_palette(np.zeros((3, 3, 4), np.uint8), 1)
    assert found.palette.hex() == ["#00000000"] and found.frequent == ((0, 0, 0, 0), 1.0)
    with pytest.raises(huepress.OptionError):
        huepress.extract_palette(np.zeros((3, 3, 4), np.uint8), 0)
    with pytest.raises(huepress.OptionError):
        huepress.compress(np.zeros((3, 3, 4), np.uint8), 1)
