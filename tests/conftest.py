"""Sounds, tables and folders for the tests of several modules."""

import os
import signal
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from keras_ser import audio
from keras_ser.corpora.table import COLUMNS

RATE = 16_000


FAST = (
    "audio",
    "classical",
    "conditions",
    "corpora",
    "features",
    "figures",
    "protocols",
    "reports",
    "scores",
    "utils",
)  # folders whose tests need no TensorFlow


LONG = (
    "together/test_together.py",
    "models/test_contract.py",
    "experiments/test_training.py",
    "experiments/test_kept_models.py",
    "experiments/test_families.py",
)  # files that take minutes come first, so that no worker waits for one at the end


def pytest_configure(config):
    """Sets what JAX and TensorFlow read when they start.

    JAX compiles without optimisation: its tests mostly wait for the compiler.
    TensorFlow uses the kernels that the command line and experiments switch on, so that
    tests compute the same whether or not TensorFlow was imported before.
    """
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    if config.option.markexpr != "gpu":
        os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")


def pytest_ignore_collect(collection_path, config):
    """With `-m fast`, no other test is even imported: most import TensorFlow."""
    if config.option.markexpr == "fast" and collection_path.name.startswith("test_"):
        return None if _is_fast(collection_path) else True
    return None


def pytest_collection_modifyitems(items):
    for item in items:
        slow = any(map(item.get_closest_marker, ("slow", "gpu", "not_fast")))
        if _is_fast(item.path) and not slow:
            item.add_marker(pytest.mark.fast)
    items.sort(key=lambda item: _place(item.path.as_posix()))


def _place(path: str) -> int:
    return next((n for n, end in enumerate(LONG) if path.endswith(end)), len(LONG))


def _is_fast(path: Path) -> bool:
    return path.relative_to(Path(__file__).parent).parts[0] in FAST


@pytest.fixture(autouse=True)
def without_tensorflow(request):
    """With `-m fast`, a test that imports TensorFlow fails."""
    before = "tensorflow" in sys.modules
    yield
    if request.config.option.markexpr == "fast":
        assert ("tensorflow" in sys.modules) == before


@pytest.fixture
def heeded_signals():
    """No signal is ignored, also if the tests run in the background or under nohup."""
    known = [getattr(signal, n) for n in ("SIGINT", "SIGHUP") if hasattr(signal, n)]
    numbers = [n for n in known if signal.getsignal(n) == signal.SIG_IGN]
    for number in numbers:
        is_interrupt = number == signal.SIGINT
        new = signal.default_int_handler if is_interrupt else signal.SIG_DFL
        signal.signal(number, new)
    yield
    for number in numbers:
        signal.signal(number, signal.SIG_IGN)


def make_tone(hertz=440.0, seconds=0.5, rate=RATE) -> np.ndarray:
    """A sine of amplitude 0.3, float32."""
    time = np.arange(round(seconds * rate)) / rate
    return (0.3 * np.sin(2 * np.pi * hertz * time)).astype(np.float32)


def make_noise(seconds=0.5, rate=RATE, seed=0) -> np.ndarray:
    """White noise with a standard deviation of 0.1, float32."""
    rng = np.random.default_rng(seed)
    return rng.normal(scale=0.1, size=round(seconds * rate)).astype(np.float32)


def make_table(speakers, emotions=("anger", "sadness"), corpus="toy", **columns):
    """A table without audio: one utterance per speaker and emotion.

    Args:
        speakers: names, or a mapping from names to a gender or to (gender, session).
        emotions: the emotions of each speaker.
        corpus: name of the corpus.
        columns: values of columns, one for all rows.
    """
    rows = []
    for name in speakers:
        about = speakers[name] if isinstance(speakers, dict) else ""
        gender, session = about if isinstance(about, tuple) else (about, "")
        for number, emotion in enumerate(emotions):
            utterance = f"{corpus}/{name}-{number}"
            rows.append(
                {
                    "utterance": utterance,
                    "file": f"{utterance}.wav",
                    "start": np.nan,
                    "end": np.nan,
                    "duration": 1.0,
                    "digest": f"digest of {utterance}",
                    "source": utterance,
                    "corpus": corpus,
                    "speaker": f"{corpus}/{name}",
                    "session": session,
                    "gender": gender,
                    "language": "deu",
                    "emotion": emotion,
                    "activation": np.nan,
                    "valence": np.nan,
                    "dominance": np.nan,
                }
            )
    return pd.DataFrame(rows, columns=COLUMNS).assign(**columns)


@pytest.fixture(scope="session")
def tone():
    return make_tone


@pytest.fixture(scope="session")
def noise():
    return make_noise


@pytest.fixture(scope="session")
def toy_table():
    return make_table


@pytest.fixture
def write_audio(tmp_path):
    """A function that writes a waveform into `tmp_path` and returns its path."""

    def write(name, wave=None, rate=RATE, **options) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        wave = make_tone(rate=rate) if wave is None else wave
        soundfile.write(path, wave, rate, **options)
        return path

    return write


@pytest.fixture(scope="session")
def corpora_root() -> Path:
    """The folder of real corpora; without it the test is skipped with a message."""
    root = os.environ.get("KERAS_SER_CORPORA")
    if not root:
        pytest.skip("set KERAS_SER_CORPORA to a folder with emodb/ and librispeech/")
    return Path(root)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def spoken_table(tmp_path_factory) -> pd.DataFrame:
    """Six speakers with two emotions and three utterances of noise each, as files.

    Anger is loud and sadness is soft, so a model can learn them in a few steps.
    """
    folder = tmp_path_factory.mktemp("spoken")
    genders = {name: ("female", "male")[int(name) % 2] for name in "123456"}
    table = make_table(genders, ("anger", "sadness") * 3)
    rng = np.random.default_rng(0)
    files = []
    for number, emotion in enumerate(table.emotion):
        path = folder / f"{number}.wav"
        wave = make_noise(rng.uniform(0.5, 1.5), seed=number)
        wave *= 1.0 if emotion == "anger" else 0.05
        soundfile.write(path, wave, RATE)
        files.append(str(path))
    return table.assign(file=files, digest=[audio.digest(file) for file in files])
