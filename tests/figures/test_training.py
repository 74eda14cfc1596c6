"""Training curves and embeddings."""

import io

import numpy as np
import pytest
from matplotlib.axes import Axes
from toy_figures import CLASSES, HISTORY, POINTS

from keras_ser import figures


def embedding(points, labels, path, centers=POINTS[:0]):
    figures.embedding(points, labels, centers, CLASSES, "t-SNE", path)


@pytest.mark.parametrize("columns", [["epoch", "loss"], list(HISTORY)])
def test_history_of_one_epoch_or_few_columns(columns, tmp_path):
    figures.history(HISTORY[columns][:1], tmp_path / "history.png")
    assert (tmp_path / "history.png").stat().st_size > 5000


def test_points_and_centers_of_a_class_have_the_same_colour(monkeypatch):
    seen, scatter = [], Axes.scatter

    def record(axes, x, y, **style):
        seen.append((np.c_[x, y], style["color"], style["marker"]))
        return scatter(axes, x, y, **style)

    monkeypatch.setattr(Axes, "scatter", record)
    figures.embedding(POINTS, CLASSES * 5, POINTS[:8], CLASSES, "", io.BytesIO())
    dots, stars = seen[:8], seen[8:16]
    for number, (places, _, _) in enumerate(dots):
        np.testing.assert_array_equal(places, POINTS[number::8])
    assert len({(colour, marker) for _, colour, marker in dots}) == 8
    for number, (place, colour, marker) in enumerate(stars):
        np.testing.assert_array_equal(place, POINTS[number : number + 1])
        assert (colour, marker) == (dots[number][1], "*")


@pytest.mark.parametrize(
    "draw, words",
    [
        (lambda p: figures.history(HISTORY[["loss"]], p), "columns `epoch`"),
        (lambda p: figures.history(HISTORY[:0], p), "Received: 0 epochs"),
        (lambda p: embedding(POINTS[:0], [], p), "one row per utterance"),
        (lambda p: embedding(POINTS, CLASSES, p), r"shapes \(40, 2\), \(8,\)"),
        (lambda p: embedding(POINTS[:1], ["calm"], p), r"labels \['calm'\]"),
        (lambda p: embedding(POINTS, CLASSES * 5, p, POINTS[:3]), r"\(3, 2\)"),
    ],
)
def test_bad_input_is_rejected_and_leaves_no_file(draw, words, tmp_path):
    with pytest.raises(ValueError, match=words):
        draw(tmp_path / "bad.png")
    assert not list(tmp_path.iterdir())
