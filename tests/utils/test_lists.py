"""One name or several."""

from pathlib import Path

import pytest

from keras_ser.utils.lists import as_list


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("mtl_aug", ["mtl_aug"]),
        (Path("a.wav"), [Path("a.wav")]),
        (("03", "08"), ["03", "08"]),
        ((name for name in "ab"), ["a", "b"]),
        ([], []),
    ],
)
def test_a_text_or_path_is_one_item(given, expected):
    assert as_list(given) == expected
