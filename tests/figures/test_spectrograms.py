"""Reconstructions and attention weights over time."""

import io

import numpy as np
import pytest
from matplotlib.figure import Figure
from toy_figures import SOUND

from keras_ser import figures
from keras_ser.features import LogMel
from keras_ser.figures import spectrograms


def drawn_attention(weights) -> bytes:
    stream = io.BytesIO()
    figures.attention(SOUND, weights, stream)
    return stream.getvalue()


def test_drawing_shows_the_input():
    assert drawn_attention(np.eye(13)[4]) != drawn_attention(np.full(13, 1 / 13))


@pytest.mark.parametrize(
    "draw, words",
    [
        (lambda p: figures.reconstruction(SOUND, SOUND[1:], p), "the same shape"),
        (lambda p: figures.reconstruction(SOUND[None], SOUND, p), "without the batch"),
        (lambda p: figures.attention(SOUND, np.ones(101), p), "1 to 100 steps"),
        (lambda p: figures.attention(SOUND, np.ones((2, 9)), p), "one utterance"),
    ],
)
def test_bad_input_is_rejected_and_leaves_no_file(draw, words, tmp_path):
    with pytest.raises(ValueError, match=words):
        draw(tmp_path / "bad.png")
    assert not list(tmp_path.iterdir())


def test_the_axis_is_right_for_bands_of_any_width():
    axes = Figure().subplots()
    spectrograms._show(axes, SOUND, 0.01)
    assert axes.get_ylabel() == "frequency band"
    assert axes.images[0].get_extent() == [0, 0.01 * len(SOUND), 0, SOUND.shape[1]]


def test_frequencies_are_where_their_bands_are():
    axes, hertz = Figure().subplots(), LogMel(n_mels=40).frequencies
    spectrograms._show(axes, np.zeros((9, 40)), 0.01, hertz)
    assert axes.get_ylabel() == "frequency (Hz)"
    labels = [each.get_text() for each in axes.get_yticklabels()]
    assert 3 <= len(labels) <= spectrograms.MAX_TICKS
    for place, label in zip(axes.get_yticks(), labels, strict=True):
        number = float(label.replace(",", ""))
        assert np.interp(place, np.arange(40) + 0.5, hertz) == pytest.approx(number)


def test_as_many_frequencies_as_bands_are_needed(tmp_path):
    with pytest.raises(ValueError, match="one frequency per band, 16"):
        figures.attention(
            np.zeros((9, 16)), [1.0], tmp_path / "a.png", frequencies=[1, 2]
        )


def test_a_title_is_drawn():
    given = SOUND, np.full(13, 1 / 13)
    plain, titled = io.BytesIO(), io.BytesIO()
    figures.attention(*given, plain)
    figures.attention(*given, titled, title="mtl_aug, a, anger → sadness")
    assert plain.getvalue() != titled.getvalue()
