"""Moments of features, compared with NumPy's on all frames together."""

import numpy as np
import pytest

from keras_ser.features import LogMel
from keras_ser.features.moments import moments, training_moments, utterance_moments
from keras_ser.features.speech import levels

FRONT_END = LogMel(n_mels=4)


@pytest.fixture
def utterances(rng):
    """Three utterances whose quiet frames lie far below the loudest one."""
    made = [rng.normal(3, 2, size=(frames, 4)) for frames in (50, 7, 90)]
    for features in made:
        features[-4:] -= 30
    return made


def speech_of(features, speech_db):
    level = levels(FRONT_END, features)
    return np.array(
        [
            frame
            for frame, own in zip(features, level, strict=True)
            if own >= level.max() - speech_db
        ]
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


def test_moments_of_an_utterance_are_its_own(rng):
    speech = rng.normal(-8, 3, size=(40, 4)).astype(np.float32)
    speech[:, 2] = -23.0
    mean, std = utterance_moments(speech)
    np.testing.assert_allclose(mean, speech.mean(axis=0, dtype=np.float64))
    expected = speech.std(axis=0, dtype=np.float64)
    np.testing.assert_allclose(std, np.where(expected > 0, expected, 1e-3))
    mean, std = utterance_moments(speech[:1])  # no error
    np.testing.assert_array_equal(mean, speech[0])
    np.testing.assert_array_equal(std, 1e-3)


@pytest.mark.parametrize("normalise", ["train", "speaker"])
def test_training_moments_are_those_of_all_frames_or_of_speech(utterances, normalise):
    found = training_moments(FRONT_END, normalise, None, utterances)
    np.testing.assert_array_equal(found, moments(utterances))
    found = training_moments(FRONT_END, normalise, 40.0, iter(utterances))
    speech = np.concatenate([speech_of(each, 40.0) for each in utterances])
    assert len(speech) == sum(map(len, utterances)) - 12
    np.testing.assert_allclose(found, [speech.mean(axis=0), speech.std(axis=0)])


def test_by_utterance_training_moments_are_those_of_centred_speech(utterances):
    mean, std = training_moments(FRONT_END, "utterance", None, iter(utterances))
    centred = [speech_of(each, 60.0) for each in utterances]
    centred = np.concatenate([each - each.mean(axis=0) for each in centred])
    np.testing.assert_array_equal(mean, np.zeros(4))
    np.testing.assert_allclose(std, np.sqrt(np.mean(centred**2, axis=0)))


def test_with_its_own_deviation_an_utterance_needs_no_training_moments():
    mean, std = training_moments(FRONT_END, "utterance_std", None, iter(()))
    np.testing.assert_array_equal(mean, np.zeros(4))
    np.testing.assert_array_equal(std, np.ones(4))
