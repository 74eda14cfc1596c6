"""Checks of a waveform: its samples are numbers on the scale of ±1, and it has sound.

The bounds leave a wide margin to real speech. In EMO-DB, RAVDESS, EMOVO, a fifth of
TESS, one utterance of each speaker of LibriSpeech train-clean-100 and Korean read
speech, 3570 files, with the channels averaged,

- the loudest 20 ms of an utterance are at -54.5 dBFS or above (Actor 9 of RAVDESS),
- at least 1.08 s of it lie above -80 dBFS, and
- no sample is beyond ±1.
"""

import math

import numpy as np

FRAME_SECONDS = 0.020
# Below this, the loudest 20 ms are no sound: it lies above the rounding noise of 16-bit
# files, at about -100 dBFS with dither, and 25 dB below the quietest utterance.
MIN_LEVEL_DB = -80.0
# Sound that lasts less is a click. Codecs spread one over up to 50 ms.
MIN_SOUND_SECONDS = 0.1
# Decoders overshoot by some dB, and floats may be exported too loud. Integers that were
# written as floats begin here: the quietest utterance has a peak of 149 as 16 bits.
MAX_PEAK = 20.0
# The mean of two unrelated channels is 3 dB below each, and that of one channel and an
# empty one 6 dB. Further than this below the second case, the channels cancel.
MAX_CANCELLED_DB = 24.0


class Check:
    """Checks blocks of samples as they come, and their whole at the end.

    Args:
        path: The file, for messages.
        rate: The sampling rate in Hz.
        start, end: The segment in seconds, for messages.
    """

    def __init__(self, path, rate: float, start=None, end=None):
        self._path = path
        self._segment = f"start={start}, end={end}, channels averaged"
        self._frame = max(1, round(FRAME_SECONDS * rate))
        self._rest: np.ndarray | None = None
        self._samples, self._least, self._most = 0, np.inf, -np.inf
        self._frames = self._sounding = 0
        self._loudest = self._loudest_channel = 0.0
        self._channels = 1

    def add(self, block: np.ndarray) -> np.ndarray:
        """Averages the channels of a block.

        Args:
            block: float32 array of shape `(samples, channels)`.

        Returns:
            float32 array of shape `(samples,)`.

        Raises:
            ValueError: A value is NaN, infinite or beyond ±`MAX_PEAK`.
        """
        with np.errstate(all="ignore"):
            wave = block.mean(axis=1)
        if not np.isfinite(wave).all():
            raise ValueError(
                f"Expected finite samples. Received: {self._path} with NaN or "
                "infinity. Export the file again from its source."
            )
        self._check_scale(block)
        self._samples += len(wave)
        self._least = min(self._least, wave.min(initial=np.inf))
        self._most = max(self._most, wave.max(initial=-np.inf))
        self._measure(block, wave)
        return wave

    def finish(self) -> None:
        """Judges all blocks together.

        Raises:
            ValueError: There was no sample or no sound, or the channels cancel.
        """
        if self._samples == 0:
            raise ValueError(
                f"Expected at least one sample of audio. Received: {self._path} with "
                "none. Remove the file from the corpus or record it again."
            )
        if self._rest is not None and len(self._rest):
            self._add_frames(self._rest[None])
        self._check_channels()
        fault = self._find_silence()
        if fault:
            raise ValueError(
                f"Expected sound. Received: {self._path} with {self._samples} samples "
                f"{fault} ({self._segment}). Remove the file from the corpus or record "
                "it again."
            )

    def _measure(self, block: np.ndarray, wave: np.ndarray) -> None:
        """Divides the samples into frames, across the borders of blocks."""
        self._channels = block.shape[1]
        both = block if self._channels == 1 else np.column_stack([wave, block])
        if self._rest is not None:
            both = np.concatenate([self._rest, both])
        whole = len(both) - len(both) % self._frame
        self._rest = both[whole:].copy()
        if whole:
            self._add_frames(both[:whole].reshape(-1, self._frame, both.shape[1]))

    def _add_frames(self, frames: np.ndarray) -> None:
        """Adds frames, `(frames, samples, 1)` or with the mean as first channel."""
        power = frames.var(axis=1)  # without an offset, which is no sound
        self._frames += len(power)
        self._sounding += int((power[:, 0] >= 10 ** (MIN_LEVEL_DB / 10)).sum())
        self._loudest = max(self._loudest, float(power[:, 0].max()))
        self._loudest_channel = max(self._loudest_channel, float(power.max()))

    def _check_scale(self, block: np.ndarray) -> None:
        peak = float(np.abs(block).max(initial=0.0))
        if peak > MAX_PEAK:
            raise ValueError(
                f"Expected samples within about ±1. Received: {self._path} with a "
                f"sample of {peak:g}. Its numbers are probably integers that were "
                "written as floats: divide them by the largest integer (32768 for 16 "
                "bits), and write the file again."
            )

    def _check_channels(self) -> None:
        level, single = map(_decibels, (self._loudest, self._loudest_channel))
        below = single - 20 * math.log10(self._channels) - level
        if single >= MIN_LEVEL_DB and below > MAX_CANCELLED_DB:
            raise ValueError(
                f"Expected sound. Received: {self._path} with {self._channels} "
                f"channels that cancel each other: a channel reaches {single:.0f} "
                f"dBFS, the mean of the channels {level:.0f} dBFS. Invert one channel, "
                "or write one channel to a file."
            )

    def _find_silence(self) -> str:
        """What is wrong with the level of the whole, or an empty text."""
        if self._least == self._most:
            return f"that are all {self._least:g}"
        level = _decibels(self._loudest)
        if level < MIN_LEVEL_DB:
            return (
                f"whose loudest {1000 * FRAME_SECONDS:.0f} ms are at {level:.0f} dBFS, "
                f"where speech reaches {MIN_LEVEL_DB:.0f} dBFS at least"
            )
        least = min(round(MIN_SOUND_SECONDS / FRAME_SECONDS), (self._frames + 1) // 2)
        if self._sounding < least:
            seconds = self._sounding * FRAME_SECONDS
            return f"of which {seconds:.2f} s are above {MIN_LEVEL_DB:.0f} dBFS"
        return ""


def _decibels(power: float) -> float:
    return 10 * math.log10(max(power, 1e-30))
