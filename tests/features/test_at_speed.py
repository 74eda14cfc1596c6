"""Features at another speed are guessed from those at the original speed."""

import dataclasses

import numpy as np
import pytest

from keras_ser import audio
from keras_ser.features import FilterBank, LogMel, Spectrogram, at_speed
from keras_ser.features.opensmile import OpenSmile

front_ends = pytest.mark.parametrize(
    "front_end", [LogMel(n_mels=64), FilterBank(n_mels=64), Spectrogram(n_bins=64)]
)


@front_ends
def test_guesses_are_near_to_the_features(front_end, rng):
    time = np.arange(16_000) / 16_000
    wave = np.sin(2 * np.pi * (200 + 900 * time) * time) + 0.01 * rng.normal(
        size=16_000
    )
    wave = wave.astype(np.float32)
    transform = audio.Speed(1.1)
    original, features = front_end(wave), front_end(transform(wave))
    bands = at_speed.places(front_end, transform)
    found = at_speed.guess(original, 1.1, bands, len(features))
    assert found.shape == features.shape
    assert found.dtype == np.float32
    unmoved = at_speed.guess(original, 1.0, list(range(64)), len(features))
    error, usual = (np.abs(each - features).mean() for each in (found, unmoved))
    assert error < 0.5 * usual


@front_ends
def test_bands_move_by_the_factor(front_end):
    for factor in (0.5, 0.9, 1.1):
        bands = np.array(at_speed.places(front_end, audio.Speed(factor)))
        assert len(bands) == 64
        assert (np.diff(bands) >= 0).all()
        centers = at_speed.CENTERS[type(front_end)](front_end)
        inside = (centers / factor > centers[0]) & (centers / factor < centers[-1])
        moved = np.interp(bands, np.arange(64), centers)
        assert np.allclose(moved[inside], centers[inside] / factor, rtol=1e-3)


def test_values_between_frames_and_bands_are_interpolated():
    features = np.array([[0, 4], [8, 12], [16, 20]], "<f2")
    found = at_speed.guess(features, 0.5, [0.0, 0.25, 7.0], 7)
    assert found[:, 0].tolist() == [0, 4, 8, 12, 16, 16, 16]
    assert (found[:, 1] - found[:, 0]).tolist() == [1] * 7
    assert (found[:, 2] - found[:, 0]).tolist() == [4] * 7


def test_the_middle_of_bands_of_equal_width():
    centers = at_speed.CENTERS[Spectrogram](Spectrogram())
    assert centers[:3].tolist() == [15.625, 78.125, 140.625]  # 0 and 31.25 Hz, …
    assert centers[-1] == 8000 - 46.875


@dataclasses.dataclass(frozen=True)
class Own(LogMel):
    """A front-end of a user, of which nothing is known."""


@pytest.mark.parametrize(
    ("front_end", "transform"),
    [
        (LogMel(), audio.Speed()),
        (LogMel(), audio.Chain(audio.Speed(1.1), audio.Speed(1.1))),
        (Own(), audio.Speed(1.1)),
        (Spectrogram(), audio.Speed()),
        (OpenSmile(version="2.6.0"), audio.Speed(1.1)),
    ],
)
def test_of_anything_else_nothing_is_known(front_end, transform):
    assert at_speed.places(front_end, transform) is None
