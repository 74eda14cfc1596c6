"""Normalisation, compared with numpy, and the file that is saved with a model."""

import numpy as np
import pytest

from keras_ser.features import LogMel
from keras_ser.features.preprocessing import Preprocessing, moments


@pytest.fixture
def made(rng):
    return Preprocessing(
        LogMel(n_mels=4, fmax=4000.0),
        ("anger", "sadness"),
        7.5,
        "train",
        rng.normal(size=4),
        1 + rng.random(4),
    )


def test_moments_are_those_of_all_frames_together(rng):
    utterances = [rng.normal(3, 2, size=(frames, 4)) for frames in (5, 1, 90)]
    mean, std = moments(utterances)
    stacked = np.concatenate(utterances)
    np.testing.assert_allclose(mean, stacked.mean(axis=0))
    np.testing.assert_allclose(std, stacked.std(axis=0))


def test_a_band_that_never_changes_stays_finite(rng):
    features = np.full((9, 2), -23.0)
    features[:, 1] = rng.normal(size=9)
    _, std = moments([features])
    assert std[0] == 1e-3
    assert std[1] == pytest.approx(features[:, 1].std())


@pytest.mark.parametrize(
    "utterances", [[], [np.full((9, 2), -23.0)], [np.ones((1, 2))]]
)
def test_features_that_never_change_are_rejected(utterances):
    with pytest.raises(ValueError, match="change from frame to frame"):
        moments(utterances)


def test_statistics_are_those_of_the_training_speakers_or_of_the_speaker(made, rng):
    import dataclasses

    utterances = [rng.normal(size=(30, 4))]
    assert made.statistics(utterances) == (made.mean, made.std)
    own = dataclasses.replace(made, normalise="speaker").statistics(utterances)
    features = made.normalised(utterances[0], own)
    np.testing.assert_allclose(features.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(features.std(axis=0), 1, atol=1e-6)


def test_it_can_be_saved_and_loaded(made, tmp_path):
    again = Preprocessing.load(made.save(tmp_path / "preprocessing.json"))
    assert again.to_json() == made.to_json()
    assert again.front_end == made.front_end
    assert again.window == 750


def test_a_file_of_an_earlier_version_is_rejected_with_what_to_do():
    made = Preprocessing(
        LogMel(n_mels=2), ("anger", "sadness"), 1.0, "train", np.zeros(2), np.ones(2)
    )
    value = made.to_json()
    value["deviation"] = value.pop("std")
    with pytest.raises(ValueError, match="earlier version. Train the model again"):
        Preprocessing.from_json(value)
