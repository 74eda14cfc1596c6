"""Augmentations that the study of the reference tries, besides those of the package."""

import dataclasses

import numpy as np
import tensorflow as tf

from keras_ser.audio.reading import RATE, resample


@dataclasses.dataclass(frozen=True)
class Reverb:
    """Reverberation of a room without walls of its own: decaying noise, fixed.

    The impulse response is 1 at time 0, followed by white noise that decays by 60 dB
    in `seconds` and holds half the energy of the direct sound.

    Args:
        seconds: The reverberation time.
    """

    seconds: float

    def __call__(self, wave: np.ndarray) -> np.ndarray:
        from scipy.signal import fftconvolve

        time = np.arange(1, int(self.seconds * RATE)) / RATE
        noise = np.random.default_rng(0).standard_normal(len(time))
        tail = noise * 10 ** (-3 * time / self.seconds)
        tail *= np.sqrt(0.5 / np.square(tail).sum())
        response = np.concatenate([[1.0], tail])
        return fftconvolve(wave, response)[: len(wave)].astype(wave.dtype)

    @property
    def key(self) -> str:
        return f"reverb={self.seconds:g}"


@dataclasses.dataclass(frozen=True)
class LowPass:
    """Speech without what lies above a frequency, as after a telephone line.

    Args:
        limit: The frequency in Hz.
    """

    limit: int

    def __call__(self, wave: np.ndarray) -> np.ndarray:
        return resample(resample(wave, RATE, 2 * self.limit), 2 * self.limit, RATE)

    @property
    def key(self) -> str:
        return f"lowpass={self.limit}"


class Reverberation:
    """Two rooms, of 0.3 and 0.6 seconds."""

    name = "reverberation"
    kind = "waveform"
    transforms = (Reverb(0.3), Reverb(0.6))


class BandLimit:
    """Two limits, 4 and 2.5 kHz."""

    name = "band_limit"
    kind = "waveform"
    transforms = (LowPass(4000), LowPass(2500))


class Gain:
    """A shift of all bands of an utterance by U(−0.5, 0.5) standard deviations."""

    name = "gain"
    kind = "batch"
    softens = False
    needs_partner = False

    def __call__(self, batch: dict, partner: dict, seed) -> dict:
        features, frames = batch["features"], batch["frames"]
        shift = tf.random.stateless_uniform(tf.shape(frames), seed, -0.5, 0.5)
        speech = tf.sequence_mask(frames, tf.shape(features)[1], tf.float32)
        shifted = features + (shift[:, None] * speech)[:, :, None]
        return {**batch, "features": shifted}


class Patches:
    """Four time masks, each of at most a tenth of the frames, filled with 0."""

    name = "patches"
    kind = "batch"
    softens = False
    needs_partner = False
    count = 4

    def __call__(self, batch: dict, partner: dict, seed) -> dict:
        features, frames = batch["features"], batch["frames"]
        length = tf.cast(frames, tf.float32)[:, None]
        draw = tf.random.stateless_uniform([2, tf.shape(frames)[0], self.count], seed)
        width = draw[0] * 0.1 * length  # (batch, masks)
        start = draw[1] * (length - 1 - width)
        position = tf.range(tf.shape(features)[1], dtype=tf.float32)[None, None]
        after = position >= start[:, :, None]
        inside = after & (position < (start + width)[:, :, None])
        hidden = tf.reduce_any(inside, axis=1)  # (batch, time)
        return {**batch, "features": tf.where(hidden[:, :, None], 0.0, features)}


MORE = (Gain(), BandLimit(), Reverberation(), Patches())
