"""Normalisation, compared with numpy, and the file that is saved with a model."""

import dataclasses

import numpy as np
import pytest

from keras_ser.features import LogMel, speech
from keras_ser.features.preprocessing import NORMALISATIONS, Preprocessing

BY_UTTERANCE = [("utterance", None), ("utterance_std", None), ("utterance", 30.0)]


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


@pytest.fixture
def features(rng):
    """Speech whose last frames are some 43 and 87 dB below it."""
    found = rng.normal(-5, 0.5, size=(30, 4)).astype(np.float32)
    found[20:24] -= 10
    found[24:] -= 20
    return found


def speech_of(features, speech_db):
    power = np.exp(features.astype(np.float64)).sum(axis=1)
    return features[power >= power.max() / 10 ** (speech_db / 10)].astype(np.float64)


def test_statistics_are_those_of_the_training_speakers_or_of_the_speaker(made, rng):
    utterances = [rng.normal(size=(30, 4))]
    assert made.statistics(utterances) == (made.mean, made.std)
    own = dataclasses.replace(made, normalise="speaker").statistics(utterances)
    features = made.normalised(utterances[0], own)
    np.testing.assert_allclose(features.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(features.std(axis=0), 1, atol=1e-6)


def test_statistics_of_a_speaker_can_be_those_of_speech_frames(made, features):
    by_speaker = dataclasses.replace(made, normalise="speaker", speech_db=60)
    mean, std = by_speaker.statistics(iter([features, features[:20]]))
    speech = np.concatenate([features[:24], features[:20]]).astype(np.float64)
    np.testing.assert_allclose(mean, speech.mean(axis=0))
    np.testing.assert_allclose(std, speech.std(axis=0))


@pytest.mark.parametrize(("normalise", "speech_db"), BY_UTTERANCE)
def test_an_utterance_is_normalised_by_its_speech(made, features, normalise, speech_db):
    made = dataclasses.replace(made, normalise=normalise, speech_db=speech_db)
    assert made.statistics([features]) is None
    speech = speech_of(features, speech_db or 60)
    assert len(speech) == (24 if speech_db is None else 20)
    std = made.std if normalise == "utterance" else speech.std(axis=0)
    found = made.normalised(features)
    assert found.dtype == np.float32
    expected = (features - speech.mean(axis=0)) / std
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    # A window has the statistics of the whole utterance.
    window = made.normalised(features[3:9], made.own_statistics(features))
    np.testing.assert_array_equal(window, found[3:9])


def test_the_level_of_a_recording_does_not_matter_by_utterance(made, features):
    made = dataclasses.replace(made, normalise="utterance")
    found = made.normalised(features + np.float32([1, -2, 4, 0]))
    louder = made.normalised(features + np.float32([1, -2, 4, 0]) + np.float32(8))
    np.testing.assert_allclose(found, louder, atol=1e-5)


@pytest.mark.parametrize("normalise", ["utterance", "utterance_std"])
@pytest.mark.parametrize("frames", [1, 9])
def test_an_utterance_that_never_changes_becomes_zeros(made, normalise, frames):
    made = dataclasses.replace(made, normalise=normalise)
    silent = made.front_end(np.zeros(160 * (frames - 1) + 1, np.float32))
    assert silent.shape == (frames, 4)
    np.testing.assert_array_equal(made.normalised(silent), np.zeros((frames, 4)))


@pytest.mark.parametrize("normalise", ["utterance", "utterance_std"])
def test_digital_silence_in_speech_is_not_zero(made, normalise, noise):
    made = dataclasses.replace(made, normalise=normalise)
    wave = np.concatenate([np.zeros(4000, np.float32), noise(0.3), np.zeros(4000)])
    found = made.normalised(made.front_end(wave.astype(np.float32)))
    assert np.isfinite(found).all()
    assert (np.abs(found[-20:]) > 1).all()  # zero is the padding


def test_it_can_be_saved_and_loaded(made, tmp_path):
    again = Preprocessing.load(made.save(tmp_path / "preprocessing.json"))
    assert again.to_json() == made.to_json()
    assert again.front_end == made.front_end
    assert again.window == 750
    assert again.speech_db is None and "speech_db" not in made.to_json()


@pytest.mark.parametrize("normalise", NORMALISATIONS)
@pytest.mark.parametrize("speech_db", [None, 40])
def test_every_normalisation_is_saved_and_loaded(
    made, features, normalise, speech_db, tmp_path
):
    made = dataclasses.replace(made, normalise=normalise, speech_db=speech_db)
    again = Preprocessing.load(made.save(tmp_path / "preprocessing.json"))
    assert (again.normalise, again.speech_db) == (normalise, made.speech_db)
    np.testing.assert_array_equal(again.normalised(features), made.normalised(features))


@pytest.mark.parametrize("value", [0, -3, "60", True, float("nan"), 1e400])
def test_a_range_of_speech_frames_is_checked(made, value):
    with pytest.raises(ValueError, match="`speech_db` must be.*dB above 0"):
        dataclasses.replace(made, speech_db=value)
    with pytest.raises(ValueError, match="Preprocessing expects `speech_db` above 0"):
        Preprocessing.from_json({**made.to_json(), "speech_db": value})


def test_a_front_end_without_levels_is_rejected(made, monkeypatch):
    monkeypatch.delattr(LogMel, "db_per_unit")
    with pytest.raises(ValueError, match="levels.*`LogMel`, whose values are no log"):
        dataclasses.replace(made, normalise="utterance")
    assert dataclasses.replace(made, seconds=1.0).seconds == 1.0


def test_a_file_of_an_earlier_version_is_rejected_with_what_to_do():
    made = Preprocessing(
        LogMel(n_mels=2), ("anger", "sadness"), 1.0, "train", np.zeros(2), np.ones(2)
    )
    value = made.to_json()
    value["deviation"] = value.pop("std")
    with pytest.raises(ValueError, match="earlier version. Train the model again"):
        Preprocessing.from_json(value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"std": [0.0, 1, 1, 1]}, "4 numbers from 0.001 to 65504 as `std`"),
        ({"std": [1e5, 1, 1, 1]}, "4 numbers from 0.001 to 65504 as `std`"),
        ({"std": [float("nan"), 1, 1, 1]}, "4 numbers from 0.001 to 65504 as `std`"),
        ({"mean": [1e5, 1, 1, 1]}, "4 numbers from -65504 to 65504 as `mean`"),
        ({"mean": [True, 1, 1, 1]}, "4 numbers from -65504 to 65504 as `mean`"),
        ({"mean": [10**400, 1, 1, 1]}, "4 numbers from -65504 to 65504 as `mean`"),
        ({"mean": [1.0] * 3}, "4 numbers from -65504 to 65504 as `mean`"),
        ({"classes": ["a"]}, "two or more different names"),
        ({"classes": ["a", "a"]}, "two or more different names"),
        ({"classes": [f"{n}" for n in range(1001)]}, "up to 1000 .*1001 classes"),
        ({"classes": ["a", "b" * 201]}, "up to 200 characters"),
        ({"classes": ["a", "\x1b[2J"]}, "none of them a control character"),
        ({"classes": ["a", "\ud800"]}, "none of them a control character"),
        ({"seconds": 3601}, "`seconds` from one frame to 3600"),
        ({"seconds": 1e-3}, "`seconds` from one frame to 3600"),
        ({"front_end_settings": {"n_fft": 2**40}}, "`n_fft` to be a finite int up to"),
        ({"front_end_settings": {"rate": 1}}, "`front_end_settings` among"),
        ({"front_end": "OpenSmile"}, "`front_end` among"),
    ],
)
def test_what_no_training_could_have_written_is_rejected(made, changes, words):
    with pytest.raises(ValueError, match=words) as caught:
        Preprocessing.from_json({**made.to_json(), **changes})
    assert len(str(caught.value)) < 700


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"normalise": "trained"}, "`normalise` must be one of 'train', .*'trained'"),
        ({"normalise": None}, "`normalise` must be one of 'train', .*None"),
        ({"mean": np.zeros(3)}, r"`mean` and `std` must.*\(4,\).*mean of \(3,\)"),
        ({"mean": 0.0}, r"`mean` and `std` must have the shape \(4,\).*mean of \(\)"),
        ({"std": np.ones((1, 4))}, r"`mean` and `std` must.*std of \(1, 4\)"),
    ],
)
def test_the_arguments_of_the_constructor_are_checked(made, changes, words):
    with pytest.raises(ValueError, match=words):
        dataclasses.replace(made, **changes)


@pytest.mark.parametrize("seconds", [900.0, 0.004])
def test_an_input_has_a_frame_and_fits_into_memory(made, seconds):
    numbers = {"mean": np.zeros(128), "std": np.ones(128)}
    large = {"front_end": LogMel(hop_seconds=0.01), **numbers}
    with pytest.raises(ValueError, match="at least one frame.*8,388,608 values"):
        dataclasses.replace(made, **large, seconds=seconds)
    assert dataclasses.replace(made, **large, seconds=600.0).window == 60_000


def test_unusual_names_of_classes_are_kept(made):
    names = ["愤怒", "très en colère", "👩\u200d🚀", "x" * 200]
    again = Preprocessing.from_json({**made.to_json(), "classes": names})
    assert again.classes == tuple(names)


def test_a_front_end_may_have_larger_values_if_they_are_stored_as_float32(
    made, monkeypatch
):
    monkeypatch.setattr(LogMel, "dtype", "<f4", raising=False)
    again = Preprocessing.from_json({**made.to_json(), "mean": [1e6, 1, 1, 1]})
    assert again.mean[0] == 1e6


@pytest.mark.parametrize("normalise", ["utterance", "utterance_std", "speaker"])
def test_many_frames_are_summed_in_blocks(made, features, normalise, monkeypatch):
    made = dataclasses.replace(made, normalise=normalise)
    whole = made.own_statistics(features), made.statistics([features])
    monkeypatch.setattr(speech, "BLOCK_FRAMES", 7)
    parts = made.own_statistics(features), made.statistics([features])
    for one, other in zip(whole, parts, strict=True):
        assert (one is None) == (other is None)
        if one is not None:
            np.testing.assert_allclose(one, other, rtol=1e-12)
