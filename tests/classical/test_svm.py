"""SVMs: the scaling of their vectors, and those of frames."""

import dataclasses
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from keras_ser import audio
from keras_ser.classical import FrameSVM, OpenSmileSVM, Scaling
from keras_ser.features import FRONT_ENDS, NORMALISATIONS, FeatureStore, LogMel


@pytest.mark.parametrize("normalise", NORMALISATIONS)
def test_vectors_have_no_mean_of_their_own_utterance(normalise):
    if normalise in ("train", "speaker"):
        assert Scaling(normalise, np.eye(3)).normalise == normalise
        return
    with pytest.raises(ValueError) as caught:
        Scaling(normalise, np.eye(3))
    message = str(caught.value)
    assert "one vector per utterance" in message
    assert f"Received: '{normalise}'. Choose one of these, or leave out" in message


# === Frames of the front-end ===


@dataclasses.dataclass(frozen=True)
class Extremes:
    """The smallest and the largest sample of each 10 ms."""

    gain: float = 1.0
    hop_seconds: float = 0.01
    dimensions: ClassVar[int] = 2

    def __call__(self, wave):
        blocks = np.pad(wave, (0, -len(wave) % 160)).reshape(-1, 160)
        return self.gain * np.stack([blocks.min(axis=1), blocks.max(axis=1)], axis=1)

    def frames(self, seconds):
        return round(seconds / 0.01)


@pytest.fixture
def table(write_audio, noise):
    files = [write_audio(f"{n}.wav", noise(0.5, seed=n)) for n in range(3)]
    return pd.DataFrame(
        {
            "utterance": ["a", "b", "c"],
            "file": list(map(str, files)),
            "start": np.nan,
            "end": np.nan,
            "digest": list(map(audio.digest, files)),
        }
    )


def test_the_vectors_are_means_and_standard_deviations(table, tmp_path):
    store = FeatureStore(tmp_path, Extremes())
    store.prepare(table, progress=False)
    found = FrameSVM().vectors(table, store)
    frames = [Extremes()(audio.read(file)) for file in table.file]
    expected = [np.concatenate([each.mean(0), each.std(0)]) for each in frames]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_its_front_end_is_that_of_the_experiment_or_its_own(monkeypatch):
    monkeypatch.setitem(FRONT_ENDS, "Extremes", Extremes)
    default = LogMel()
    assert FrameSVM().front_end(default) is default
    own = FrameSVM("Extremes", {"gain": 2.0})
    assert own.front_end(default) == Extremes(2.0)


def test_it_is_the_svm_of_the_functionals():
    one, two = FrameSVM(C=3.0).estimator(), OpenSmileSVM(C=3.0).estimator()
    assert one.get_params() == two.get_params()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"front_end": "x"}, "`front_end` must be one of.*LogMel"),
        ({"settings": {"n_mels": 8}}, "`settings` are those of `front_end`"),
        ({"front_end": "LogMel", "settings": {"n_mels": 0}}, "n_mels"),
        ({"C": 0}, "`C` must be above 0"),
        ({"targets": "emotion"}, "`targets` must be a list"),
    ],
)
def test_arguments_are_checked(arguments, message):
    with pytest.raises(ValueError, match=message):
        FrameSVM(**arguments)
