"""Waveform to log-mel spectrogram, computed once and kept in a cache."""

import dataclasses
import hashlib
import json
import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from keras_ser import audio, files


@dataclasses.dataclass(frozen=True)
class LogMel:
    """Log-mel spectrogram of a waveform.

    With the Hamming-windowed short-time spectrum S of shape (fft / 2 + 1, frames)
    and the Slaney mel filterbank W of shape (bands, fft / 2 + 1),

        X = ln(max(W |S|², 1e-10)),

    frames centred on multiples of `hop`, so that n samples give 1 + n // hop of
    them. The floor is absolute: an utterance's features depend on it alone.

    The defaults are the front-end of Latif et al. 2022, section 4.2 (40 ms, 10 ms,
    128 bands) but for `fmax`, which is 8000 Hz there: the resampler behind the
    speed perturbation leaves its mark on the top of the band, by which the
    augmentation head would tell the speed without listening to speech.

    Args:
        window, hop: seconds.
        bands: mel bands.
        fft: points of the transform; the window is padded with zeros to it.
        fmin, fmax: Hz, the lowest and highest edge of the filterbank.
    """

    window: float = 0.040
    hop: float = 0.010
    bands: int = 128
    fft: int = 1024
    fmin: float = 0.0
    fmax: float = 6800.0

    def __post_init__(self):
        if not (self.window > 0 and self.hop > 0 and self.bands > 0):
            raise ValueError(
                "Expected `window`, `hop` and `bands` above 0. Received: "
                f"window={self.window}, hop={self.hop}, bands={self.bands}."
            )
        if self.window * audio.RATE > self.fft:
            raise ValueError(
                f"`fft` must hold a window of {self.window} s at {audio.RATE} Hz. "
                f"Received: fft={self.fft}."
            )
        if not 0 <= self.fmin < self.fmax <= audio.RATE / 2:
            raise ValueError(
                f"Expected 0 <= fmin < fmax <= {audio.RATE // 2} Hz. "
                f"Received: fmin={self.fmin}, fmax={self.fmax}."
            )

    def __call__(self, wave: np.ndarray) -> np.ndarray:
        """Features of shape `(frames, bands)`, float32 with float16's precision.

        The rounding is that of the cache, so that speech never seen before goes
        the same way as the training speech.
        """
        import librosa

        with warnings.catch_warnings():
            # Speech shorter than a window is padded with zeros: that is meant.
            warnings.filterwarnings("ignore", message="n_fft=.* is too large")
            power = librosa.feature.melspectrogram(
                y=wave,
                sr=audio.RATE,
                n_fft=self.fft,
                win_length=round(self.window * audio.RATE),
                hop_length=round(self.hop * audio.RATE),
                window="hamming",
                n_mels=self.bands,
                fmin=self.fmin,
                fmax=self.fmax,
                pad_mode="constant",
            )
        logarithm = np.log(np.maximum(power, 1e-10)).T
        return logarithm.astype(np.float16).astype(np.float32)

    def frames(self, seconds: float) -> int:
        """The number of frames that start within `seconds`."""
        return round(seconds / self.hop)


FRONT_ENDS = {"LogMel": LogMel}


PLAIN = audio.Speed(1.0)


class FeatureStore:
    """Features on disk: one raw float16 file an utterance and waveform transform.

    An entry's name is a hash of the audio's digest, the segment, the transform and
    the front-end's settings: folds, systems and experiments share entries, and an
    entry that exists is right. Entries are written under a temporary name and
    renamed, so a crash half-way leaves whole entries only, and two processes can
    fill one folder.

    Args:
        cache: folder.
        front_end: callable dataclass, waveform to `(frames, bands)`.
        speeds: speed factors that `prepare` extracts.

    Example:

    >>> store = FeatureStore("cache", LogMel(), speeds=(0.9, 1.0, 1.1))
    >>> store.prepare(table)
    """

    def __init__(self, cache, front_end=None, speeds: Iterable[float] = (1.0,)):
        self.cache = Path(cache)
        self.front_end = front_end or LogMel()
        self.transforms = tuple(audio.Speed(factor) for factor in speeds)
        self._settings = json.dumps(
            [type(self.front_end).__name__, dataclasses.asdict(self.front_end)]
        )

    def paths(self, table: pd.DataFrame, transform=PLAIN) -> list[str]:
        """The entry of each row; it exists once `prepare` has run."""
        segments = zip(table.digest, table.start, table.end, strict=True)
        return [self._path(*segment, transform) for segment in segments]

    def prepare(
        self, table: pd.DataFrame, transforms=None, workers: int = 1, progress=True
    ) -> int:
        """Extracts every entry that is absent; returns how many were.

        Args:
            table: the utterances.
            transforms: waveform transforms; default, the store's speeds.
            workers: processes.
            progress: whether to show a bar with the time left.
        """
        todo = self._absent(table, transforms or self.transforms)
        if not todo:
            return 0
        import joblib
        import tqdm

        jobs = (joblib.delayed(_extract)(self.front_end, *job) for job in todo)
        done = joblib.Parallel(n_jobs=workers, return_as="generator_unordered")(jobs)
        bar = tqdm.tqdm(
            done, total=len(todo), desc="features", unit="file", disable=not progress
        )
        return sum(1 for _ in bar)

    def read(self, path: str) -> np.ndarray:
        """An entry as float32 `(frames, bands)`."""
        return (
            np.fromfile(path, dtype="<f2")
            .reshape(-1, self.front_end.bands)
            .astype(np.float32)
        )

    def frames(self, paths: list[str]) -> np.ndarray:
        """The number of frames of each entry, from its file's size."""
        sizes = np.array([Path(path).stat().st_size for path in paths], dtype=np.int64)
        return sizes // (2 * self.front_end.bands)

    def _absent(self, table, transforms) -> list[tuple]:
        jobs = {}  # by path: copies of a recording share an entry
        for transform in transforms:
            rows = zip(
                self.paths(table, transform),
                table.file,
                table.start,
                table.end,
                strict=True,
            )
            jobs |= {row[0]: (transform, *row) for row in rows}
        return [job for path, job in jobs.items() if not Path(path).exists()]

    def _path(self, digest, start, end, transform) -> str:
        segment = f"{float(start)} {float(end)}"
        identity = f"{digest} {segment} {transform.key} {self._settings}"
        name = hashlib.blake2b(identity.encode(), digest_size=16).hexdigest()
        return str(self.cache / name[:2] / f"{name}.f16")


def _extract(front_end, transform, path, file, start, end) -> None:
    wave = transform(audio.read(file, start, end))
    with files.replacing(path) as temporary:
        front_end(wave).astype("<f2").tofile(temporary)
