"""Waveforms: reading, resampling, mixing down and changing speed.

A waveform is a float32 array of shape `(samples,)`, mono, in [-1, 1].
"""

import dataclasses
import hashlib
from pathlib import Path

import numpy as np

RATE = 16_000


def read(path, start=None, end=None, rate: int = RATE) -> np.ndarray:
    """Reads a file, or a segment of it, as mono speech at `rate`.

    Channels are averaged. Resampling is soxr's high quality band-limited
    interpolation, after the segment was cut.

    Args:
        path: any file that libsndfile reads (wav, flac, ogg, mp3, aiff, …).
        start, end: seconds; None or NaN stand for the file's start and end.
        rate: Hz of the returned waveform.

    Returns:
        float32 array of shape `(samples,)`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is no audio, is empty, or holds NaN or infinity.
    """
    import soundfile

    _require_file(path)
    try:
        with soundfile.SoundFile(path) as file:
            first, last = _segment(path, start, end, file.samplerate, file.frames)
            file.seek(first)
            wave = file.read(last - first, dtype="float32", always_2d=True)
            source_rate = file.samplerate
    except (soundfile.LibsndfileError, TypeError) as error:  # TypeError: x.raw
        raise ValueError(_unreadable(path, error)) from error
    if len(wave) == 0:
        raise ValueError(
            f"Expected at least one sample of audio. Received: {path} with none. "
            "Remove the file from the corpus or record it again."
        )
    wave = wave.mean(axis=1)
    if not np.isfinite(wave).all():
        raise ValueError(
            f"Expected finite samples. Received: {path} with NaN or infinity. "
            "Export the file again from its source."
        )
    return resample(wave, source_rate, rate)


def resample(wave: np.ndarray, source_rate: float, rate: float) -> np.ndarray:
    """Band-limited resampling from `source_rate` to `rate` (Hz)."""
    if source_rate == rate:
        return wave
    import librosa

    return librosa.resample(
        wave, orig_sr=source_rate, target_sr=rate, res_type="soxr_hq"
    )


def speed(wave: np.ndarray, factor: float) -> np.ndarray:
    """Speed perturbation: x(t) becomes x(factor · t).

    Tempo and pitch change together, as SoX's `speed` does it: 1.1 is shorter and
    higher. A waveform of n samples becomes one of about n / factor.

    Reference: Ko et al., "Audio augmentation for speech recognition", 2015.
    """
    if not factor > 0:
        raise ValueError(f"`factor` must be positive. Received: {factor}.")
    return resample(wave, RATE * factor, RATE)


@dataclasses.dataclass(frozen=True)
class Speed:
    """`speed` as a waveform transform: a callable with a name for caches."""

    factor: float = 1.0

    def __call__(self, wave: np.ndarray) -> np.ndarray:
        return wave if self.factor == 1.0 else speed(wave, self.factor)

    @property
    def key(self) -> str:
        return f"speed={self.factor:g}"


def duration(path) -> float:
    """Seconds of audio in a file, read from its header."""
    import soundfile

    _require_file(path)
    try:
        info = soundfile.info(str(path))
    except (soundfile.LibsndfileError, TypeError) as error:
        raise ValueError(_unreadable(path, error)) from error
    return info.frames / info.samplerate


def digest(path) -> str:
    """A name for a file's content: 128 bits of BLAKE2b over its bytes."""
    _require_file(path)
    with open(path, "rb") as file:
        return hashlib.file_digest(
            file, lambda: hashlib.blake2b(digest_size=16)
        ).hexdigest()


def _segment(path, start, end, rate, frames) -> tuple[int, int]:
    if frames == 0:
        return 0, 0
    first = 0 if _missing(start) else round(start * rate)
    last = frames if _missing(end) else min(round(end * rate), frames)
    if not 0 <= first < last:
        raise ValueError(
            f"Expected 0 <= start < end <= {frames / rate:.3f} s in {path}. "
            f"Received: start={start}, end={end}. Correct the table's segments."
        )
    return first, last


def _missing(seconds) -> bool:
    return seconds is None or np.isnan(seconds)


def _require_file(path) -> None:
    if not Path(path).is_file():
        state = "is a folder" if Path(path).is_dir() else "does not exist"
        raise FileNotFoundError(
            f"Expected an audio file. Received: {path}, which {state}. "
            "Check the corpus folder."
        )


def _unreadable(path, error) -> str:
    return (
        f"Expected audio that libsndfile reads. Received: {path} ({error}). "
        "Convert it to wav or flac, or remove it from the corpus."
    )
