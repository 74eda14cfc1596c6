"""The figure of a waveform and of the probabilities of its windows."""

import io

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from toy_figures import WAVE, WINDOWS

from keras_ser import figures


@pytest.fixture
def panels(monkeypatch):
    made = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, *a, **k: made.append(figure))
    figures.timeline(WAVE, 100, WINDOWS.sample(frac=1, random_state=0), io.BytesIO())
    return made[-1].axes


def test_probabilities_are_stacked_and_end_with_their_window(panels):
    below = panels[1]
    bars = np.array([[bar.get_bbox().bounds for bar in c] for c in below.containers])
    np.testing.assert_allclose(bars[0, :, 0], [0.0, 1.25, 2.0])  # (class, window, xywh)
    np.testing.assert_allclose(bars[:, :, 2], np.tile([1.25, 0.35, 1.0], (3, 1)))
    tops = bars[:, :, 1] + bars[:, :, 3]
    np.testing.assert_allclose(tops[0], [0.2, 0.3, 0.5])
    np.testing.assert_allclose(tops[-1], 1.0)
    np.testing.assert_allclose(bars[2, :, 1], tops[1])
    names = [text.get_text() for text in below.get_legend().get_texts()]
    assert names == ["c", "b", "a"]  # in the order of the stack, from above
    assert below.get_xlim() == (0.0, 3.0) and below.get_ylim() == (0.0, 1.0)


def test_the_waveform_keeps_its_extremes(panels):
    (area,) = panels[0].collections
    heights = area.get_paths()[0].vertices[:, 1]
    assert heights.min() == WAVE.min() and heights.max() == WAVE.max()


@pytest.mark.parametrize(
    ("wave", "table"),
    [
        (WAVE, WINDOWS[:0]),
        (WAVE[:0], WINDOWS),
        (WAVE[None], WINDOWS),
        (WAVE, WINDOWS[["start", "end"]]),
    ],
)
def test_what_cannot_be_drawn_is_rejected(wave, table):
    with pytest.raises(ValueError, match="A timeline needs samples"):
        figures.timeline(wave, 100, table, io.BytesIO())


def test_windows_that_overlap_meet_in_the_middle(monkeypatch):
    """A window of two seconds per second: each is drawn around its own middle."""
    made = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, *a, **k: made.append(figure))
    starts = np.arange(4.0)
    table = pd.DataFrame({"start": starts, "end": starts + 2, "p_a": 0.3, "p_b": 0.7})
    figures.timeline(np.ones(500), 100, table, io.BytesIO())
    bars = [bar.get_bbox().bounds for bar in made[-1].axes[1].containers[0]]
    np.testing.assert_allclose([bar[0] for bar in bars], [0.0, 1.5, 2.5, 3.5])
    np.testing.assert_allclose([bar[2] for bar in bars], [1.5, 1.0, 1.0, 1.5])
