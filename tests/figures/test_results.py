"""Confusion matrices and bars of speakers."""

import io

import numpy as np
import pandas as pd
import pytest
from matplotlib import image
from matplotlib.axes import Axes

from keras_ser import figures
from keras_ser.figures import results, style


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


@pytest.mark.parametrize("systems", [1, 40])
def test_systems_are_ordered_by_their_score(systems, monkeypatch):
    seen = []
    monkeypatch.setattr(Axes, "set_yticks", lambda axes, *given: seen.append(given))
    scores = np.linspace(0.9, 0.3, systems)
    table = pd.DataFrame({"uar": scores, "low": scores - 0.1, "high": np.nan})
    table.index = [f"system_{number}" for number in range(systems)]
    figures.system_scores(table, {"system_0": [0.4, 1.0]}, io.BytesIO(), 0.25)
    ((places, names),) = seen
    assert list(names) == list(table.index[::-1]) and len(places) == systems


def test_numbers_are_drawn_on_two_equal_axes_with_their_ccc(monkeypatch):
    seen = []
    monkeypatch.setattr(Axes, "set_title", lambda axes, text: seen.append((axes, text)))
    truth, prediction = np.array([0.0, 1.0, 2.0]), np.array([1.0, 1.0, 4.0])
    figures.truth_and_prediction(truth, prediction, "valence", io.BytesIO())
    covariance = np.mean((truth - 1) * (prediction - 2))
    ccc = 2 * covariance / (truth.var() + prediction.var() + (1 - 2) ** 2)
    ((axes, text),) = seen
    assert text == f"valence\nCCC {ccc:.2f}"
    assert axes.get_xlim() == axes.get_ylim() == pytest.approx((-0.2, 4.2))
    (dots,) = axes.collections
    np.testing.assert_array_equal(dots.get_offsets(), np.c_[truth, prediction])


@pytest.mark.parametrize(
    "draw, words",
    [
        (lambda p: figures.confusion_matrix(np.eye(3), ["a", "b"], "", p), "`counts`"),
        (lambda p: figures.confusion_matrix(np.zeros((1, 1)), "a", "", p), "sum 0"),
        (lambda p: figures.speaker_bars(pd.DataFrame(), p), "`table` must contain"),
        (lambda p: figures.system_scores(pd.DataFrame(), {}, p, 0.5), "`table` must"),
        (lambda p: figures.truth_and_prediction([], [], "", p), "non-empty"),
        (lambda p: figures.truth_and_prediction([1], [1, 2], "", p), "same length"),
        (lambda p: figures.truth_and_prediction([np.nan], [1], "", p), "not finite"),
    ],
)
def test_bad_input_is_rejected_and_leaves_no_file(draw, words, tmp_path):
    with pytest.raises(ValueError, match=words):
        draw(tmp_path / "bad.png")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("look", [style.bar_style, style.line_style])
def test_no_two_series_look_alike(look):
    found = [tuple(look(number).items()) for number in range(32)]
    assert len(set(found)) == 32


def test_a_ninth_system_differs_from_the_first(tmp_path):
    table = pd.DataFrame([[0.5] * 9], columns=list("abcdefghi"), index=["s"])
    with style.drawing(tmp_path / "bars.png", (5.0, 3.0)) as figure:
        axes = figure.add_subplot()
        results._bars(axes, table, slice(0, 1), 1)
        bars = [container[0] for container in axes.containers]
    looks = {(bar.get_facecolor(), bar.get_hatch()) for bar in bars}
    assert len(looks) == 9
