"""Confusion matrices and bars of speakers."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import image

from keras_ser import figures


def test_long_titles_and_eight_classes_stay_inside(tmp_path):
    names = [f"surprise {n}" for n in range(8)]
    title = "mtl_aug_with_librispeech on synthetic speech, noise:rain:10 " * 3
    figures.confusion_matrix(np.eye(8, dtype=int) * 9999, names, title, tmp_path / "a")
    pixels = image.imread(tmp_path / "a", format="png")[..., :3]
    assert pixels[:, 0].min() == pixels[:, -1].min() == 1


@pytest.mark.parametrize("speakers", [1, 40])
def test_any_number_of_speakers_fits_a_page(speakers, tmp_path):
    table = pd.DataFrame(np.full((speakers, 4), 0.5), columns=list("abcd"))
    table.iloc[0, 0] = np.nan
    figures.speaker_bars(table, tmp_path / "speakers.png")
    height, width, _ = image.imread(tmp_path / "speakers.png").shape
    assert width < 2400 and height < 4500


@pytest.mark.parametrize(
    "draw, words",
    [
        (lambda p: figures.confusion_matrix(np.eye(3), ["a", "b"], "", p), "`counts`"),
        (lambda p: figures.confusion_matrix(np.zeros((1, 1)), "a", "", p), "sum 0"),
        (lambda p: figures.speaker_bars(pd.DataFrame(), p), "`table` must contain"),
    ],
)
def test_bad_input_is_rejected_and_leaves_no_file(draw, words, tmp_path):
    with pytest.raises(ValueError, match=words):
        draw(tmp_path / "bad.png")
    assert not list(tmp_path.iterdir())
