"""Every figure is a whole PNG, repeats byte for byte and leaves pyplot alone."""

import functools
import io
import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from matplotlib import image
from toy_figures import (
    CLASSES,
    CODES,
    FEW,
    HISTORY,
    MANY,
    MEASURED,
    NUMBERS,
    POINTS,
    PRINTED,
    PRIOR,
    RUNS,
    SOUND,
    SPEAKERS,
    SYSTEMS,
    WAVE,
    WINDOWS,
)

from keras_ser import figures

DRAW = {
    "confusion_matrix": lambda path: figures.confusion_matrix(
        [[3, 1], [0, 0]], ["anger", "neutral"], "system, corpus", path
    ),
    "system_scores": lambda path: figures.system_scores(
        SYSTEMS, {"mtl_aug": [0.5, 0.9]}, path, 0.25, "emodb, clean"
    ),
    "speaker_bars": lambda path: figures.speaker_bars(SPEAKERS, path),
    "truth_and_prediction": lambda path: figures.truth_and_prediction(
        NUMBERS, NUMBERS**2, "valence of development speech", path
    ),
    "dev_curves": lambda path: figures.dev_curves(RUNS, path),
    "history": lambda path: figures.history(HISTORY, path, chosen=2),
    "adversary": lambda path: figures.adversary(CODES, path, PRIOR, "toy, ss_aae"),
    "reconstruction": lambda path: figures.reconstruction(SOUND, SOUND, path),
    "attention": lambda path: figures.attention(SOUND, np.full(13, 1 / 13), path),
    "embedding": lambda path: figures.embedding(
        POINTS, CLASSES * 5, POINTS[:8], CLASSES, "t-SNE", path
    ),
    "embedding_panels": lambda path: figures.embedding_panels(
        {"baseline": FEW, "mtl_aug": FEW}, path, "language"
    ),
    "embedding_panels of many values": lambda path: figures.embedding_panels(
        {"a_very_long_name_of_a_system_of_four": MANY}, path, "speaker"
    ),
    "timeline": lambda path: figures.timeline(WAVE, 100, WINDOWS, path, "a.wav"),
    "measured_and_published": lambda path: figures.measured_and_published(
        {"emodb": MEASURED, "ravdess": MEASURED}, {"emodb": PRINTED}, "UAR", path
    ),
}
every_figure = pytest.mark.parametrize("name", DRAW)


@functools.cache
def drawn(name: str) -> bytes:
    stream = io.BytesIO()
    DRAW[name](stream)
    return stream.getvalue()


@every_figure
def test_same_input_same_bytes_without_metadata(name, tmp_path):
    with matplotlib.rc_context({"axes.labelcolor": "red", "savefig.dpi": 30}):
        DRAW[name](str(tmp_path / "figure.png"))
    assert (tmp_path / "figure.png").read_bytes() == drawn(name)
    assert b"Software" not in drawn(name) and b"tEXt" not in drawn(name)
    assert [path.name for path in tmp_path.iterdir()] == ["figure.png"]


@every_figure
def test_nothing_is_cut_off_at_the_border(name):
    pixels = image.imread(io.BytesIO(drawn(name)))[..., :3]
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    assert border.min() == 1  # white all round
    assert pixels.min() < 0.3  # and something is drawn inside


def test_importing_and_drawing_never_touch_pyplot(tmp_path):
    program = (
        "import sys; from keras_ser import figures; "
        "assert 'matplotlib' not in sys.modules; "
        f"figures.confusion_matrix([[1]], ['a'], 't', {str(tmp_path / 'a.png')!r}); "
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
