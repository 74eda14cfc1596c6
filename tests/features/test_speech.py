"""Levels and speech frames, compared with sums over the bands of each frame."""

import math

import numpy as np
import pytest

from keras_ser.features import LogMel
from keras_ser.features.front_ends import FRONT_ENDS
from keras_ser.features.speech import levels, speech_frames, speech_range


class Decibels:
    """A front-end whose values are power in dB."""

    db_per_unit = 1.0


class Functionals:
    """A front-end whose values are no log spectrum."""


def test_levels_are_those_of_the_summed_power(rng):
    power = 10 ** rng.uniform(-10, 3, size=(30, 5))
    expected = [10 * math.log10(math.fsum(frame)) for frame in power]
    natural = levels(LogMel(n_mels=5), np.log(power))
    np.testing.assert_allclose(natural, expected, rtol=1e-5, atol=1e-4)
    decibels = levels(Decibels(), 10 * np.log10(power))
    np.testing.assert_allclose(decibels, expected, rtol=1e-5, atol=1e-4)


def test_levels_of_a_wave_follow_its_gain(noise):
    front_end = LogMel(n_mels=32)
    loud, soft = (front_end(gain * noise(0.5)) for gain in (1.0, 0.1))
    difference = levels(front_end, loud) - levels(front_end, soft)
    np.testing.assert_allclose(difference, 20, atol=0.05)  # rounded to float16


@pytest.mark.parametrize("value", [-5000.0, 5000.0])
def test_levels_of_any_size_are_finite(value):
    found = levels(Decibels(), np.full((2, 4), value))
    np.testing.assert_allclose(found, value + 10 * math.log10(4), rtol=1e-6)


@pytest.mark.parametrize(("speech_db", "kept"), [(60, [0, 2]), (61, [0, 1, 2])])
def test_speech_frames_lie_within_a_range_of_the_loudest(speech_db, kept):
    features = np.array([[30.0, -500.0], [-30.5, -500.0], [0.0, -500.0], [-90.0] * 2])
    found = speech_frames(Decibels(), features, speech_db)
    np.testing.assert_array_equal(found, features[kept])


def test_without_a_range_all_frames_are_returned(rng):
    features = rng.normal(size=(5, 4))
    assert speech_frames(Functionals(), features, None) is features


def test_digital_silence_is_no_speech_but_a_silent_utterance_is(noise):
    front_end = LogMel(n_mels=16)
    wave = np.concatenate([noise(0.3), np.zeros(8000, np.float32)])
    features = front_end(wave)
    assert (features[-40:] == features[-1, 0]).all()  # the floor of the logarithm
    assert 30 <= len(speech_frames(front_end, features, 60.0)) <= 33
    silent = features[-40:]
    np.testing.assert_array_equal(speech_frames(front_end, silent, 60.0), silent)


@pytest.mark.parametrize(
    ("normalise", "given", "expected"),
    [
        ("train", None, None),
        ("speaker", None, None),
        ("train", 40, 40.0),
        ("utterance", None, 60.0),
        ("utterance_std", None, 60.0),
        ("utterance", 30.0, 30.0),
    ],
)
def test_a_range_is_needed_by_utterance_only(normalise, given, expected):
    assert speech_range(LogMel(), normalise, given) == expected


@pytest.mark.parametrize("value", [0, -1.0, float("nan"), float("inf"), "60", True])
def test_a_range_is_a_finite_number_above_0(value):
    with pytest.raises(ValueError, match="`speech_db` must be.*Received.*Choose 60"):
        speech_range(LogMel(), "train", value)


@pytest.mark.parametrize(
    ("normalise", "given"), [("utterance", None), ("utterance_std", None), ("train", 9)]
)
def test_a_front_end_without_levels_is_rejected_in_words(normalise, given):
    with pytest.raises(ValueError, match="`Functionals`, whose values are no log.*Log"):
        speech_range(Functionals(), normalise, given)
    assert speech_range(Functionals(), "train", None) is None


@pytest.mark.parametrize("kind", FRONT_ENDS.values())
def test_front_ends_say_how_many_db_a_unit_is(kind, noise):
    """A tenfold amplitude adds 20 dB, or the front-end has no levels."""
    if getattr(kind, "db_per_unit", None) is None:
        pytest.skip("no log spectrum")
    loud, soft = (kind()(gain * noise(0.3)) for gain in (1.0, 0.1))
    difference = np.median(loud - soft) * kind.db_per_unit
    assert difference == pytest.approx(20, abs=0.1)
