import re

import pytest

from huepress.datasets.labels import find_labels
from huepress.errors import HuepressError, InputError, OptionError

NAMES = ["cat/1.png", "cat/sub/2.png", "dog/1.png"]


def test_the_first_folder_is_the_class():
    labels = find_labels(NAMES, None)
    assert labels.class_names == ("cat", "dog")
    assert [labels.of(name) for name in NAMES] == [0, 0, 1]
    assert labels.class_of("dog/1.png") == "dog"
    assert find_labels(NAMES, "folders") == labels


def test_pictures_in_no_folder_have_no_label_unless_some_lie_in_one():
    assert find_labels(["1.png", "2.png"], None).label_of is None
    assert find_labels(NAMES, "none").of("cat/1.png") is None
    with pytest.raises(InputError, match=r"^1\.png: lies in no folder"):
        find_labels(["1.png", "cat/2.png"], None)
    with pytest.raises(InputError, match="lies in no folder"):
        find_labels(["1.png"], "folders")


@pytest.mark.parametrize("splits", [("train", "test"), ("Train", "val")])
def test_parts_of_a_data_set_are_no_classes(splits):
    with pytest.raises(InputError, match="not like classes"):
        find_labels([f"{split}/cat/1.png" for split in splits], None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cat/1.png,tabby\ncat/sub/2.png,b\ndog/1.png,tabby\n", (("b", "tabby"), [1, 0, 1])),
        ("id,other,Label\r\ncat/1,x,7\r\ncat/sub/2,x,0\r\n./dog/1.png,x,7\r\n", ((), [7, 0, 7])),
        (
            '\ufefffile,class\n"cat/1.png","a, b"\ncat\\sub\\2.png,é\n\ndog/1.png,é\nmore.png,\u2603\n',
            (("a, b", "é"), [0, 1, 1]),
        ),
        ("cat/1.png,-1\ncat/sub/2.png,1.5\ndog/1.png,1.5\n", (("-1", "1.5"), [0, 1, 1])),
    ],
)  # fmt: skip
def test_tables(tmp_path, text, expected):
    path = tmp_path / "labels.csv"
    path.write_bytes(text.encode())
    labels = find_labels(NAMES, str(path))
    assert (labels.class_names, [labels.of(name) for name in NAMES]) == expected


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"cat/1.png,a\n", "no label for 2 pictures, such as cat/sub/2.png"),
        (b"cat/1.png,a\ncat/1.png,b\n", "has two labels, 'a' and 'b'"),
        (b"cat/1.png,a\ncat/sub/2.png\n", "row 2 has no label"),
        (b"cat/1.png, \n", "row 1 has no label"),
        (b"\xff\xfe\0", "no text in UTF-8"),
        (b'"cat/1.png,a\n', "is no table"),
        (b"x," + b"y" * 200_000, "is no table"),
        (b"", "no label for 3 pictures"),
        (b"cat/1.png,a\ncat/sub/2.png,a\ndog/1.png,\x1b[31m", "no name for a class"),
    ],
)
def test_tables_that_do_not_do(tmp_path, data, told):
    path = tmp_path / "labels.csv"
    path.write_bytes(data)
    with pytest.raises(HuepressError, match=re.escape(told)):
        find_labels(NAMES, str(path))


def test_a_missing_table(tmp_path):
    with pytest.raises(InputError, match=r"labels\.csv"):
        find_labels(NAMES, str(tmp_path / "labels.csv"))


def test_a_folder_that_no_class_can_be_named_after():
    with pytest.raises(OptionError, match="no name for a class"):
        find_labels(["a\nb/1.png", "c/1.png"], None)
