"""Figures are whole PNGs, repeat byte for byte, and refuse what they cannot show."""

import functools
import io
import subprocess
import sys

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib import image

from keras_ser import figures

RNG = np.random.default_rng(0)
SPEAKERS = pd.DataFrame(
    RNG.random((8, 3)), index=[f"emodb/{n:02d}" for n in range(8)], columns=list("abc")
)
HISTORY = pd.DataFrame(
    {
        "epoch": range(6),
        "learning_rate": [1e-3] * 3 + [5e-4] * 3,
        "loss": RNG.random(6),
        "emotion_loss": RNG.random(6),
        "val_emotion_loss": RNG.random(6),
        "val_emotion_accuracy": RNG.random(6),
        "val_emotion_uar": RNG.random(6),
    }
)
SOUND = RNG.normal(size=(100, 16))
POINTS = RNG.normal(size=(40, 2))
CLASSES = [f"class {number}" for number in range(8)]

DRAW = {
    "confusion_matrix": lambda path: figures.confusion_matrix(
        [[3, 1], [0, 0]], ["anger", "neutral"], "system, corpus", path
    ),
    "speaker_bars": lambda path: figures.speaker_bars(SPEAKERS, path),
    "history": lambda path: figures.history(HISTORY, path, chosen=2),
    "reconstruction": lambda path: figures.reconstruction(SOUND, SOUND, path),
    "attention": lambda path: figures.attention(SOUND, np.full(13, 1 / 13), path),
    "deep_features": lambda path: figures.deep_features(
        POINTS, CLASSES * 5, POINTS[:8], CLASSES, "t-SNE", path
    ),
}


def deep_features(points, labels, path, centers=POINTS[:0]):
    figures.deep_features(points, labels, centers, CLASSES, "t-SNE", path)


ALL = pytest.mark.parametrize("name", DRAW)


@functools.cache
def drawn(name: str) -> bytes:
    stream = io.BytesIO()
    DRAW[name](stream)
    return stream.getvalue()


@ALL
def test_same_input_same_bytes_without_metadata(name, tmp_path):
    with matplotlib.rc_context({"axes.labelcolor": "red", "savefig.dpi": 30}):
        DRAW[name](str(tmp_path / "figure.png"))
    assert (tmp_path / "figure.png").read_bytes() == drawn(name)
    assert b"Software" not in drawn(name) and b"tEXt" not in drawn(name)
    assert [path.name for path in tmp_path.iterdir()] == ["figure.png"]


@ALL
def test_nothing_is_cut_off_at_the_border(name):
    pixels = image.imread(io.BytesIO(drawn(name)))[..., :3]
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    assert border.min() == 1  # white all round
    assert pixels.min() < 0.3  # and something drawn inside


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


@pytest.mark.parametrize("columns", [["epoch", "loss"], list(HISTORY)])
def test_history_of_one_epoch_or_few_columns(columns, tmp_path):
    figures.history(HISTORY[columns][:1], tmp_path / "history.png")
    assert (tmp_path / "history.png").stat().st_size > 5000


def test_drawing_shows_the_input():
    stream = io.BytesIO()
    figures.attention(SOUND, np.eye(13)[4], stream)
    assert stream.getvalue() != drawn("attention")


def test_every_point_and_center_is_drawn_in_its_classs_look(monkeypatch):
    from matplotlib.axes import Axes

    seen, scatter = [], Axes.scatter

    def noting(axes, x, y, **style):
        seen.append((np.c_[x, y], style["color"], style["marker"]))
        return scatter(axes, x, y, **style)

    monkeypatch.setattr(Axes, "scatter", noting)
    figures.deep_features(POINTS, CLASSES * 5, POINTS[:8], CLASSES, "", io.BytesIO())
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
        (lambda p: figures.confusion_matrix(np.eye(3), ["a", "b"], "", p), "`counts`"),
        (lambda p: figures.confusion_matrix(np.zeros((1, 1)), "a", "", p), "sum 0"),
        (lambda p: figures.speaker_bars(pd.DataFrame(), p), "`table` must hold"),
        (lambda p: figures.history(HISTORY[["loss"]], p), "columns `epoch`"),
        (lambda p: figures.history(HISTORY[:0], p), "Received: 0 epochs"),
        (lambda p: figures.reconstruction(SOUND, SOUND[1:], p), "one shape"),
        (lambda p: figures.reconstruction(SOUND[None], SOUND, p), "without the batch"),
        (lambda p: figures.attention(SOUND, np.ones(101), p), "1 to 100 steps"),
        (lambda p: figures.attention(SOUND, np.ones((2, 9)), p), "one utterance"),
        (lambda p: deep_features(POINTS[:0], [], p), "a row an utterance"),
        (lambda p: deep_features(POINTS, CLASSES, p), r"shapes \(40, 2\), \(8,\)"),
        (lambda p: deep_features(POINTS[:1], ["calm"], p), r"labels \['calm'\]"),
        (lambda p: deep_features(POINTS, CLASSES * 5, p, POINTS[:3]), r"\(3, 2\)"),
    ],
)
def test_bad_input_is_refused_and_leaves_no_file(draw, words, tmp_path):
    with pytest.raises(ValueError, match=words):
        draw(tmp_path / "bad.png")
    assert not list(tmp_path.iterdir())


def test_importing_and_drawing_never_touch_pyplot(tmp_path):
    program = (
        "import sys; from keras_ser import figures; "
        "assert 'matplotlib' not in sys.modules; "
        f"figures.confusion_matrix([[1]], ['a'], 't', {str(tmp_path / 'a.png')!r}); "
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
