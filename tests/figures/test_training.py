"""Training curves and embeddings."""

import io

import numpy as np
import pytest
from matplotlib.axes import Axes
from toy_figures import CLASSES, HISTORY, POINTS, RUNS

from keras_ser import figures
from keras_ser.figures import training


def embedding(points, labels, path, centers=POINTS[:0]):
    figures.embedding(points, labels, centers, CLASSES, "t-SNE", path)


@pytest.mark.parametrize("columns", [["epoch", "loss"], list(HISTORY)])
def test_history_of_one_epoch_or_few_columns(columns, tmp_path):
    figures.history(HISTORY[columns][:1], tmp_path / "history.png")
    assert (tmp_path / "history.png").stat().st_size > 5000


@pytest.fixture
def lines(monkeypatch):
    """x, y and style of each line that is drawn."""
    seen, plot = [], Axes.plot

    def record(axes, x, y, *args, **style):
        seen.append((list(x), np.asarray(y), style))
        return plot(axes, x, y, *args, **style)

    monkeypatch.setattr(Axes, "plot", record)
    return seen


def test_the_curves_of_a_history_are_those_of_one_head(lines):
    other = HISTORY.rename(columns=lambda name: name.replace("emotion", "gender"))
    both = HISTORY.assign(**{each: 2 * other[each] for each in other if "gend" in each})
    figures.history(both, io.BytesIO(), head="gender")
    found = {style["label"]: y for _, y, style in lines if "label" in style}
    assert set(found) == {"training", "development", "accuracy", "UAR"}
    np.testing.assert_allclose(found["training"], both.gender_loss)
    np.testing.assert_allclose(found["UAR"], 100 * both.val_gender_uar)


def test_a_correlation_is_not_drawn_in_percent(lines):
    valence = {"val_emotion_uar": "val_valence_ccc", "val_emotion_loss": "valence_loss"}
    frame = HISTORY[["epoch", *valence]].rename(columns=valence)
    figures.history(frame, io.BytesIO())
    np.testing.assert_allclose(lines[-1][1], frame.val_valence_ccc)
    assert lines[-1][2]["label"] == "CCC"


@pytest.mark.parametrize(
    ("columns", "head"),
    [
        (HISTORY, "emotion"),
        (["val_emotion_uar", "val_emotion_loss", "val_center_loss"], "emotion"),
        (["val_a_loss", "val_a_accuracy", "val_b_loss", "val_b_uar"], "b"),
        (["val_valence_ccc", "valence_loss", "val_x_loss", "val_x_uar"], "x"),
        (["val_valence_ccc", "val_valence_loss", "val_code_loss"], "valence"),
        (["emotion_loss", "loss", "epoch"], "emotion"),
        (["epoch", "loss", "val_loss", "learning_rate"], ""),
        ([], ""),
    ],
)
def test_the_main_head_is_found_from_the_columns(columns, head):
    assert training.main_head(columns) == head


def test_between_several_scored_heads_one_is_chosen_by_its_user():
    columns = [f"val_{head}_{key}" for head in "ba" for key in ("uar", "loss")]
    with pytest.raises(ValueError, match=r"scores or losses of \['a', 'b'\].*`head`"):
        training.main_head(columns)


@pytest.mark.parametrize("rates", [[1e-3, 1e-3], [1e-3, 0.0], [0.0, 0.0]])
def test_a_learning_rate_may_be_constant_or_0(rates, monkeypatch, recwarn):
    limits = []
    monkeypatch.setattr(Axes, "set_ylim", lambda _, *given, **__: limits.append(given))
    frame = HISTORY[:2].assign(learning_rate=rates)
    figures.history(frame, io.BytesIO())
    chosen = [given for given in limits if given == (1e-3 / 1.5, 1.5e-3)]
    assert len(chosen) == any(rates)
    assert not recwarn.list


def test_runs_are_thin_and_their_mean_is_thick(lines, tmp_path):
    frames = RUNS["weights"]
    frames[1].to_csv(tmp_path / "history.csv", index=False)
    runs = {**RUNS, "weights": [frames[0], tmp_path / "history.csv"]}
    figures.dev_curves(runs, io.BytesIO())
    one, other, mean, alone = lines
    both = np.array([100 * frame.val_emotion_uar for frame in frames])
    assert one[0] == list(range(1, 9))
    np.testing.assert_allclose([one[1], other[1]], both)
    np.testing.assert_allclose(mean[1], both.mean(axis=0))
    assert one[2]["linewidth"] < mean[2]["linewidth"] == alone[2]["linewidth"]
    assert one[2]["color"] == mean[2]["color"] != alone[2]["color"]
    assert mean[2]["label"] == "weights\n(mean of 2)"
    assert alone[2]["label"] == "averages"


def test_a_mean_ends_with_the_shortest_run(lines):
    frame = RUNS["weights"][0]
    figures.dev_curves({"a": [frame, frame[:3]]}, io.BytesIO(), "val_emotion_loss")
    assert [len(x) for x, *_ in lines] == [8, 3, 3]
    np.testing.assert_allclose(lines[2][1], 1.0)  # a loss is not in percent


def test_a_head_without_scores_has_no_panel_for_them(monkeypatch):
    shown, add = [], Axes.set_ylabel
    monkeypatch.setattr(
        Axes, "set_ylabel", lambda axes, text: shown.append(text) or add(axes, text)
    )
    frame = HISTORY[["epoch"]].assign(center_loss=1.0, val_center_loss=2.0)
    figures.history(frame, io.BytesIO(), head="center")
    figures.history(HISTORY, io.BytesIO())
    assert [text for text in shown if text] == [
        *("center loss", "learning rate"),
        *("emotion loss", "development (%)", "learning rate"),
    ]


def test_epochs_without_a_value_are_left_out(lines):
    scores = np.array([0.5, np.nan, np.nan, 0.75, 0.8])
    frame = HISTORY[["epoch"]][:5].assign(center_loss=1.0, val_center_loss=scores)
    figures.history(frame, io.BytesIO(), head="center")
    ((x, y),) = [(x, y) for x, y, style in lines if style["label"] == "development"]
    assert (x, y.tolist()) == ([1, 4, 5], [0.5, 0.75, 0.8])
    lines.clear()
    whole = frame.assign(val_center_loss=0.7)
    figures.dev_curves({"a": [frame, whole]}, io.BytesIO(), "val_center_loss")
    assert [x for x, *_ in lines] == [[1, 4, 5], [1, 2, 3, 4, 5], [1, 4, 5]]
    np.testing.assert_allclose(lines[2][1], [0.6, 0.725, 0.75])


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
        (lambda p: figures.history(HISTORY, p, head="gender"), "`gender_loss`"),
        (lambda p: figures.dev_curves({}, p), "Received: {}"),
        (lambda p: figures.dev_curves({"a": []}, p), "{'a': 0}"),
        (lambda p: figures.dev_curves(RUNS, p, "val_x_uar"), "column `val_x_uar`"),
        (lambda p: figures.dev_curves({"a": [HISTORY[:0]]}, p), "Received: 0 epochs"),
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
