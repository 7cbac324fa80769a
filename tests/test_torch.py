"""huepress.torch: what arrives on the device are the core's bits; k-means of a batch against a twin and the core."""

import doctest
import importlib
import multiprocessing
import pickle

import numpy as np
import pytest

import huepress
from huepress import ml
from huepress.errors import InputError, OptionError
from reference.colors import oklab_to_srgb8, srgb8_to_oklab

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra torch)")

from huepress.torch import (  # noqa: E402
    Expand,
    Indices,
    PackedBatch,
    PaletteDataset,
    RandomPalette,
    collate,
    kmeans_palette,
)  # fmt: skip

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
LUMA = np.array([299, 587, 114])


def pictures_srgb8(n, height=16, width=16, seed=0):
    """Smooth colored noise: pictures of many colors that have clusters."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (n, -(-height // 4), -(-width // 4), 3)).repeat(4, 1).repeat(4, 2)
    noisy = coarse[:, :height, :width] + rng.normal(0, 12, (n, height, width, 3))
    return noisy.clip(0, 255).astype(np.uint8)


@pytest.fixture
def path(tmp_path):
    def write(n=10, height=16, width=16, n_colors=16, labels=True, **options):
        file = tmp_path / f"{n_colors}-{height}x{width}.hpml"
        ml.write(
            file,
            pictures_srgb8(n, height, width),
            range(n) if labels else None,
            n_colors=n_colors,
            overwrite=True,
            **options,
        )
        return file

    return write


def rgb1(pictures):
    """Pictures of `ml.Dataset` as a network takes them."""
    return np.moveaxis(pictures, -1, 1).astype(np.float32) / 255


# --- data sets -------------------------------------------------------------------------------


@pytest.mark.parametrize("coding", ["packed", "rans"])
def test_items_are_those_of_the_file(path, coding):
    file = path(class_names=[f"kind{i}" for i in range(10)], coding=coding)
    data, items, colored = ml.Dataset(file), PaletteDataset(file), PaletteDataset(file, form="rgb")
    assert len(items) == len(colored) == 10 and items.classes[3] == "kind3"
    for i in (0, 9, -1):
        indices, palette, label = items[i]
        assert indices.dtype == palette.dtype == torch.uint8 and label == data.labels[i]
        assert (indices.numpy() == data.indices(i)).all()
        assert (palette.numpy()[: len(data.palette(i))] == data.palette(i)).all()
        picture, label = colored[i]
        assert (picture.numpy() == data[i].transpose(2, 0, 1)).all() and label == data.labels[i]
    with pytest.raises(IndexError):
        items[10]


def test_many_items_at_once_are_the_same(path):
    for form in ("indices", "rgb"):
        data = PaletteDataset(path(), form=form)
        for many, one in zip(data.__getitems__([7, 1, 7]), (data[7], data[1], data[7]), strict=True):
            assert all(torch.equal(a, b) if torch.is_tensor(a) else a == b for a, b in zip(many, one, strict=True))


def test_without_labels_they_are_minus_one(path):
    assert PaletteDataset(path(labels=False))[0][2] == -1
    assert collate([PaletteDataset(path(labels=False))[0]]).labels.tolist() == [-1]


def test_transforms_flip_indices_and_colors_alike(path):
    file = path()
    flipped = collate([PaletteDataset(file, lambda x: x.flip(-1))[2]])
    colored = collate([PaletteDataset(file, lambda x: x.flip(-1), form="rgb")[2]])[0]
    assert torch.equal(Expand()(flipped), colored.float() / 255)


def test_pictures_of_different_sizes_say_what_to_do(tmp_path):
    mixed = [pictures_srgb8(1, 8, 8)[0], pictures_srgb8(1, 8, 12)[0]]
    ml.write(tmp_path / "mixed.hpml", mixed, [0, 1])
    for form in ("indices", "rgb"):
        data = PaletteDataset(tmp_path / "mixed.hpml", form=form)
        items = data.__getitems__([0, 1])
        with pytest.raises(InputError, match=r"different sizes.*8 x 8 and .*8 x 12.*crop"):
            collate(items)
        cropped = PaletteDataset(tmp_path / "mixed.hpml", lambda x: x[..., :8, :8], form=form)
        collate(cropped.__getitems__([0, 1]))
    loader = torch.utils.data.DataLoader(data, 2, collate_fn=collate, num_workers=1)
    with pytest.raises(InputError, match="different sizes"):
        next(iter(loader))


def test_wrong_uses_say_so(path):
    with pytest.raises(OptionError, match="form"):
        PaletteDataset(path(), form="packed")
    with pytest.raises(InputError, match="at least one"):
        collate([])
    with pytest.raises(InputError, match="transform"):
        collate([PaletteDataset(path(), lambda x: x.float())[0]])
    with pytest.raises(InputError, match="no such file"):
        PaletteDataset("nowhere.hpml")


@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_loaders_with_workers(path, method):
    file = path(n=10)
    loader = torch.utils.data.DataLoader(
        PaletteDataset(file), 4, collate_fn=collate, num_workers=2, multiprocessing_context=method
    )
    batches = list(loader)
    assert [len(batch.labels) for batch in batches] == [4, 4, 2]
    assert torch.cat([batch.labels for batch in batches]).tolist() == list(range(10))
    found = torch.cat([Expand()(batch) for batch in batches]).numpy()
    assert (found == rgb1(ml.Dataset(file).batch())).all()


def test_it_is_pickled_by_its_path(path):
    data = pickle.loads(pickle.dumps(PaletteDataset(path())))
    assert len(data) == 10 and len(pickle.dumps(data)) < 2000


# --- on the device ---------------------------------------------------------------------------


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("n_colors", [2, 3, 16, 17, 256])
@pytest.mark.parametrize("size", [(16, 16), (5, 7), (1, 1)])
def test_expanded_pictures_are_the_files_bits(path, device, n_colors, size):
    file = path(6, *size, n_colors)
    data, batch = ml.Dataset(file), collate(PaletteDataset(file).__getitems__(range(6)))
    assert batch.bits == data.bits and batch.packed.nbytes == len(data.packed)
    assert (batch.packed.numpy().ravel() == data.packed).all()
    found = Expand(device)(batch)
    assert found.device.type == device and (found.cpu().numpy() == rgb1(data.batch())).all()
    assert torch.equal(torch.nn.Sequential(Expand()).to(device)(batch), found)
    indices = Indices(device)(batch)
    assert indices.dtype == torch.int64 and (indices.cpu().numpy() == data.batch_indices()).all()


def test_pairs_and_single_pictures_expand_too(path):
    data = PaletteDataset(path())
    batch = collate([data[0], data[3]])
    pair = Expand()((torch.stack([data[0][0], data[3][0]]), torch.stack([data[0][1], data[3][1]])))
    assert torch.equal(pair, Expand()(batch)) and torch.equal(Expand()(data[3][:2]), pair[1])
    assert torch.equal(Indices()(data[3][:2]), data[3][0].long())


def test_normalization_and_kind(path):
    batch = collate([PaletteDataset(path())[0]])
    mean, std = (0.1, 0.5, 0.3), (0.25, 0.5, 2.0)
    plain = Expand()(batch)
    expected = (plain - torch.tensor(mean).view(3, 1, 1)) / torch.tensor(std).view(3, 1, 1)
    assert torch.equal(Expand(mean=mean, std=std)(batch), expected)
    assert torch.equal(Expand(dtype=torch.bfloat16)(batch), plain.bfloat16())
    assert not Expand().state_dict()


def test_an_index_past_its_palette_is_black():
    indices, palettes = torch.full((1, 2, 2), 200, dtype=torch.uint8), torch.full((1, 3, 3), 9, dtype=torch.uint8)
    assert Expand()((indices, palettes)).abs().max() == 0
    batch = PackedBatch(torch.tensor([[0b11100100]], dtype=torch.uint8), palettes, torch.zeros(1), 2, 2, 2)
    assert (Expand()(batch)[0, 0] * 255).round().flatten().tolist() == [0, 9, 9, 9]


def test_a_transform_may_fill_with_black(path):
    data = PaletteDataset(path(n_colors=4), lambda x: torch.nn.functional.pad(x, (1, 0, 0, 0), value=255))
    found = Expand()(collate([data[0], data[1]]))
    assert found[..., 0].abs().max() == 0
    assert (found[..., 1:].numpy() == rgb1(data.data.batch([0, 1]))).all()


def test_batches_that_lie_are_refused(path):
    batch = collate([PaletteDataset(path())[0]])
    for wrong in (batch._replace(height=17), batch._replace(bits=3), batch._replace(packed=batch.packed[:, 1:])):
        with pytest.raises(InputError, match="sizes"):
            Expand()(wrong)
        with pytest.raises(InputError, match="sizes"):
            Indices()(wrong)
    with pytest.raises(InputError, match="palettes"):
        Expand()(batch._replace(palettes=batch.palettes[:, :, :2]))
    with pytest.raises(InputError, match="PackedBatch"):
        Expand()((torch.rand(1, 2, 2), batch.palettes))
    for options in ({"mean": (1, 2)}, {"std": (1, 0, 1)}, {"mean": (1, 2, float("nan"))}, {"dtype": torch.int64}):
        with pytest.raises(OptionError):
            Expand(**options)


# --- k-means ---------------------------------------------------------------------------------


def twin(picture_srgb8, start_srgb8, n_iterations):
    """Lloyd's algorithm as it is written in books: one picture, float64, loops."""
    points, centers = srgb8_to_oklab(picture_srgb8.reshape(-1, 3)), srgb8_to_oklab(start_srgb8)
    for _ in range(n_iterations):
        squared = np.square(points[:, None] - centers[None]).sum(2)
        labels, errors = squared.argmin(1), squared.min(1)
        worst = iter(np.argsort(-errors, kind="stable"))
        for c in range(len(centers)):
            if (labels == c).any():
                centers[c] = points[labels == c].mean(0)
            elif errors[pixel := next(worst)] > 0:
                centers[c] = points[pixel]
    palette = oklab_to_srgb8(centers)
    return palette[np.lexsort((*palette.T[::-1], palette @ LUMA))]


def by_core(picture_srgb8, start_srgb8, n_iterations):
    points, start = srgb8_to_oklab(picture_srgb8.reshape(-1, 3)), srgb8_to_oklab(start_srgb8)
    found = huepress.KMeans(len(start), init=start, max_iter=n_iterations, tol=0).fit(points)
    palette = oklab_to_srgb8(found.cluster_centers_)
    return palette[np.lexsort((*palette.T[::-1], palette @ LUMA))]


def planes(pictures, device="cpu"):
    return torch.from_numpy(np.moveaxis(pictures, -1, 1).copy()).to(device)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("judge", [twin, by_core])
@pytest.mark.parametrize("k", [2, 5, 16])
def test_palettes_are_those_of_the_core_and_of_the_book(device, judge, k):
    pictures = pictures_srgb8(5, 12, 20)
    start = np.stack([each.reshape(-1, 3)[:: 240 // k][:k] for each in pictures])
    found = kmeans_palette(planes(pictures, device), k, n_iterations=6, start=torch.from_numpy(start))
    for picture, begun, palette, indices in zip(pictures, start, *(found.palettes, found.indices), strict=True):
        expected = judge(picture, begun, 6).astype(int)
        assert np.abs(palette.cpu().numpy() - expected).max() <= 1
        entries = srgb8_to_oklab(palette.cpu().numpy())
        squared = np.square(srgb8_to_oklab(picture)[:, :, None] - entries).sum(3)
        taken = np.take_along_axis(squared, indices.cpu().numpy()[..., None].astype(int), 2)[..., 0]
        assert (taken <= squared.min(2) + 1e-6).all()


@pytest.mark.parametrize("judge", [twin, by_core])
def test_colors_that_nobody_is_nearest_to_move_to_the_worst_points(judge):
    pictures = pictures_srgb8(3, 8, 8)
    start = np.full((3, 6, 3), 128, dtype=np.uint8)  # five of six are empty at first
    found = kmeans_palette(planes(pictures), 6, n_iterations=5, start=torch.from_numpy(start))
    for picture, begun, palette in zip(pictures, start, found.palettes.numpy(), strict=True):
        assert len(np.unique(palette, axis=0)) == 6
        assert np.abs(palette - judge(picture, begun, 5).astype(int)).max() <= 1


def test_a_picture_of_few_colors_keeps_them():
    picture = np.zeros((1, 4, 4, 3), dtype=np.uint8)
    picture[0, 0], picture[0, 1, 0] = (255, 0, 10), (3, 200, 77)
    found = kmeans_palette(planes(picture), 8)
    assert (Expand()((found.indices, found.palettes)) * 255).round().equal(planes(picture).float())
    assert kmeans_palette(planes(picture[:, :1, :1]), 256).indices.tolist() == [[[0]]]


@pytest.mark.parametrize("device", DEVICES)
def test_the_start_is_good_and_seeded(device):
    pictures = pictures_srgb8(8)
    one, same, other = (kmeans_palette(planes(pictures, device), 8, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(one.palettes, same.palettes) and torch.equal(one.indices, same.indices)
    assert not torch.equal(one.palettes, other.palettes)
    ours = theirs = 0.0
    for picture, indices, palette in zip(pictures, *(each.cpu().numpy() for each in one), strict=True):
        points = srgb8_to_oklab(picture)
        ours += np.square(points - srgb8_to_oklab(palette)[indices]).sum()
        theirs += huepress.KMeans(8).fit(points.reshape(-1, 3)).inertia_
    assert ours < 1.25 * theirs


def test_portions_change_no_bit(monkeypatch):
    pictures = planes(pictures_srgb8(4, 9, 11))
    whole = kmeans_palette(pictures, 7)
    for limit in (7, 50, 7 * 99, 7 * 99 * 3):
        monkeypatch.setattr("huepress.torch.kmeans._DISTANCES_AT_ONCE_ON_CPU", limit)
        assert all(map(torch.equal, whole, kmeans_palette(pictures, 7)))
    monkeypatch.setattr("huepress.torch.kmeans._LANES", 1)
    assert all(map(torch.equal, whole, kmeans_palette(pictures, 7)))


def test_the_example():
    assert doctest.testmod(importlib.import_module("huepress.torch.kmeans")) == (0, 5)


def test_pictures_of_a_batch_do_not_meet():
    pictures = planes(pictures_srgb8(4))
    start = pictures.flatten(2)[:, :, :50:10].movedim(1, 2)
    whole = kmeans_palette(pictures, 5, start=start)
    alone = kmeans_palette(pictures[2:3], 5, start=start[2:3])
    assert torch.equal(whole.palettes[2:3], alone.palettes) and torch.equal(whole.indices[2:3], alone.indices)


def test_floating_pictures_are_rounded_to_eight_bits():
    pictures = planes(pictures_srgb8(2))
    assert all(map(torch.equal, kmeans_palette(pictures, 4), kmeans_palette(pictures.float() / 255, 4)))
    strange = torch.tensor([float("nan"), float("inf"), -1.0, 0.5]).expand(1, 3, 2, 4)
    assert kmeans_palette(strange, 2).indices.shape == (1, 2, 4)


def test_no_pictures_are_no_palettes():
    found = kmeans_palette(torch.zeros((0, 3, 4, 4), dtype=torch.uint8), 4)
    assert found.palettes.shape == (0, 4, 3) and found.indices.shape == (0, 4, 4)


def test_wrong_pictures_and_options_are_refused():
    good = planes(pictures_srgb8(1))
    for wrong in (good[0], good[:, :2], good.int(), good[..., :0]):
        with pytest.raises(InputError):
            kmeans_palette(wrong, 4)
    for options in ({"k": 1}, {"k": 257}, {"k": 2.5}, {"k": 4, "n_iterations": -1}, {"k": 4, "seed": -1},
                    {"k": 4, "start": torch.zeros(1, 3, 3, dtype=torch.uint8)}):  # fmt: skip
        with pytest.raises(OptionError):
            kmeans_palette(good, **options)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU of CUDA")
def test_a_gpu_repeats_itself_bit_by_bit():
    pictures = planes(pictures_srgb8(64, 64, 64), "cuda")
    first = kmeans_palette(pictures, 16)
    assert all(all(map(torch.equal, first, kmeans_palette(pictures, 16))) for _ in range(5))
    torch.use_deterministic_algorithms(True)
    try:
        assert all(map(torch.equal, first, kmeans_palette(pictures, 16)))
    finally:
        torch.use_deterministic_algorithms(False)


# --- augmentation ----------------------------------------------------------------------------


def count(picture):
    return len(torch.unique(picture.flatten(1), dim=1).T)


@pytest.mark.parametrize("device", DEVICES)
def test_random_palettes_stay_in_their_range_and_are_seeded(device):
    pictures = planes(pictures_srgb8(40), device)
    one, same = RandomPalette((4, 6), 0.5, seed=3), RandomPalette((4, 6), 0.5, seed=3)
    first = one(pictures)
    assert torch.equal(first, same(pictures)) and not torch.equal(first, one(pictures))
    assert first.device == pictures.device and first.dtype == torch.uint8
    changed = [not torch.equal(a, b) for a, b in zip(first, pictures, strict=True)]
    assert 5 < sum(changed) < 35
    assert {count(a) <= 6 for a, moved in zip(first, changed, strict=True) if moved} == {True}


def test_single_and_floating_pictures():
    picture = planes(pictures_srgb8(1))[0]
    eight, floating = (RandomPalette((4, 4), 1.0, seed=0)(each) for each in (picture, picture.double() / 255))
    assert count(eight) == 4 and floating.dtype == torch.float64
    assert torch.equal((floating * 255).round().to(torch.uint8), eight)
    assert torch.equal(RandomPalette(p=0)(picture), picture)


def test_without_a_seed_pytorchs_own_counts():
    picture, augment = planes(pictures_srgb8(1))[0], RandomPalette((2, 256), 1.0)
    torch.manual_seed(7)
    first = augment(picture)
    torch.manual_seed(7)
    assert torch.equal(first, augment(picture))


@pytest.mark.parametrize("seed", [None, 5])
def test_no_two_workers_draw_the_same(tmp_path, seed):
    ml.write(tmp_path / "same.hpml", [pictures_srgb8(1)[0]] * 8, n_colors=256)
    data = PaletteDataset(tmp_path / "same.hpml", RandomPalette((2, 200), 1.0, seed=seed), form="rgb")

    def drawn():
        generator = torch.Generator().manual_seed(1)
        loader = torch.utils.data.DataLoader(data, 1, collate_fn=collate, num_workers=2, generator=generator)
        return [count(pictures[0]) for pictures, _ in loader]

    found = drawn()
    assert len(set(found)) > 4 and found[::2] != found[1::2] and found == drawn()


def test_wrong_ranges_are_refused():
    for options in ({"k": (1, 4)}, {"k": (8, 4)}, {"k": 8}, {"p": 1.5}, {"p": float("nan")}, {"seed": -1}):
        with pytest.raises(OptionError):
            RandomPalette(**options)
    with pytest.raises(InputError):
        RandomPalette()(torch.zeros(2, 2))
