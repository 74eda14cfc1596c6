"""Features of utterances, which are computed once and kept in a cache."""

import contextlib
import copy
import dataclasses
import functools
import hashlib
import json
import os
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from keras_ser import audio
from keras_ser.audio.unusable import Unusable, UnusableAudio
from keras_ser.features.front_ends import LogMel
from keras_ser.utils import files

IDENTITY = audio.Speed(1.0)


def extract(
    front_end: Callable[[np.ndarray], np.ndarray],
    file: str | Path,
    start: float | None = None,
    end: float | None = None,
    transform: Callable[[np.ndarray], np.ndarray] = IDENTITY,
    digest: str = "",
) -> np.ndarray:
    """Computes the features of a file or of a segment of it.

    Args:
        front_end: A callable dataclass, from a waveform to `(frames, dimensions)`.
        file, start, end, digest: See `audio.read`.
        transform: The waveform transform that is applied before the front-end.

    Returns:
        float32 array of shape `(frames, dimensions)`.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: The audio cannot be used (see `audio.read`), `transform` leaves
            no sample of it, or its features are not finite.
    """
    with np.errstate(all="ignore"):  # huge samples are rejected below
        return _extract_finite(front_end, file, start, end, transform, digest)


def _extract_finite(front_end, file, start, end, transform, digest) -> np.ndarray:
    with _blame_audio():
        wave = audio.read(file, start, end, digest=digest)
    wave = transform(wave)
    if len(wave) == 0:
        raise _BadAudio(
            f"Expected speech. Received: {file}, which has no samples left after the "
            f"transform {transform.key}. Remove the file from the corpus."
        )
    with _blame_audio():
        features = front_end(wave)
    if not np.isfinite(features).all():
        raise _BadAudio(
            f"Expected samples within about ±1. Received: {file} with a sample of "
            f"{np.abs(wave).max():g}, which makes its features not finite. Export the "
            "file again from its source."
        )
    return features


class _BadAudio(ValueError):
    """A fault of the audio, as opposed to a fault of a setting."""


@contextlib.contextmanager
def _blame_audio():
    """Turns a ValueError into `_BadAudio`."""
    try:
        yield
    except ValueError as error:
        raise _BadAudio(str(error)) from error


class FeatureStore:
    """Features on disk: one raw file per utterance and waveform transform.

    The name of an entry is a hash of the audio's digest, the segment, the transform
    and the front-end's settings. Folds, systems and experiments therefore share
    entries, and an entry that exists is up to date. Entries are written under a
    temporary name and then renamed. A crash therefore never leaves a partial entry,
    and two processes can fill the same folder.

    Args:
        cache: The folder of the entries.
        front_end: A callable dataclass, from a waveform to `(frames, dimensions)`,
            with the property `dimensions`. If it has an attribute `dtype`, the files
            have that type, otherwise float16. The default is `LogMel()`.
        speeds: The speed factors that `prepare` extracts.

    Example:

    >>> store = FeatureStore("cache", LogMel(), speeds=(0.9, 1.0, 1.1))
    >>> store.prepare(table)
    """

    def __init__(
        self,
        cache: str | Path,
        front_end: Callable[[np.ndarray], np.ndarray] | None = None,
        speeds: Iterable[float] = (1.0,),
    ):
        self.cache = Path(cache)
        self.front_end = front_end or LogMel()
        self.transforms = tuple(audio.Speed(factor) for factor in speeds)
        self.unaugmented = IDENTITY  # applied to all speech, see `under`
        self.dtype = _dtype(self.front_end)
        self._suffix = f"f{8 * np.dtype(self.dtype).itemsize}"
        self._settings = json.dumps(
            [type(self.front_end).__name__, dataclasses.asdict(self.front_end)]
        )

    def under(self, transform: Callable[[np.ndarray], np.ndarray]) -> "FeatureStore":
        """Returns a store in which this transform is applied to all speech.

        It is applied after any other transform. Noise, for example, is mixed into
        speech whose speed has been changed, and keeps its own speed.

        Args:
            transform: A waveform transform. If it has a method
                `for_utterance(utterance)`, that method returns the transform of each
                utterance.
        """
        store = copy.copy(self)
        store.unaugmented = transform
        return store

    def paths(self, table: pd.DataFrame, transform=IDENTITY) -> list[str]:
        """Returns the path of each row's entry, which exists once `prepare` has run.

        Args:
            table: The utterances.
            transform: The waveform transform of the entries.

        Raises:
            ValueError: An utterance has no digest.
        """
        undigested = table.utterance[table.digest.isin(["", None])]
        if len(undigested):
            raise ValueError(
                "Expected a digest of each utterance's audio, because the cache finds "
                f"features by it. Received none for {undigested.iloc[0]!r}. Fill in "
                "the digests with `corpora.table.with_digests`."
            )
        transforms = [self._bound(transform, name) for name in table.utterance]
        segments = zip(table.digest, table.start, table.end, transforms, strict=True)
        return [self._path(*segment) for segment in segments]

    def prepare(
        self,
        table: pd.DataFrame,
        transforms=None,
        workers: int = 1,
        progress: bool = True,
        bad: list[Unusable] | None = None,
        verify: bool = False,
    ) -> int:
        """Extracts every entry that is absent or damaged.

        Args:
            table: The utterances.
            transforms: The waveform transforms. The default is the store's speeds.
            workers: The number of processes.
            progress: Whether to show a progress bar with the remaining time.
            bad: A list to which the utterances that cannot be used are added. Without
                it, they are an error.
            verify: Whether existing entries are read and checked. Otherwise only
                their sizes are checked.

        Returns:
            The number of entries that were extracted.

        Raises:
            UnusableAudio: Some audio cannot be used. The error holds all such
                utterances.
            ValueError: A transform cannot be applied to any audio.
        """
        jobs = self._jobs(table, transforms or self.transforms)
        todo = self._absent(jobs, verify)
        failed = self._extract_all([jobs[path] for path in todo], workers, progress)
        found = _unusable(jobs, failed)
        if found and bad is None:
            raise UnusableAudio(found)
        if bad is not None:
            bad += found
        return len(todo) - len(failed)

    def read(self, path: str) -> np.ndarray:
        """Reads an entry.

        Returns:
            float32 array of shape `(frames, dimensions)`.

        Raises:
            FileNotFoundError: The entry does not exist.
            ValueError: The entry is damaged.
        """
        if not Path(path).is_file():
            raise FileNotFoundError(
                f"Expected features in {path}. Received: no such file. Run again to "
                "extract the features that are absent."
            )
        values = np.fromfile(path, dtype=self.dtype)
        if self._is_damaged(values):
            raise ValueError(
                f"Expected frames of {self.front_end.dimensions} finite numbers in "
                f"{path}. Received: {values.nbytes} bytes that hold something else. "
                "Delete the file and run again to extract it."
            )
        return values.reshape(-1, self.front_end.dimensions).astype(np.float32)

    def fingerprints(self, table: pd.DataFrame) -> dict[str, str]:
        """Returns a hash of the features of each utterance that has an entry.

        Two files with the same samples have the same hash, even if their bytes, and
        therefore their digests, differ.
        """
        entries = zip(table.utterance, map(Path, self.paths(table)), strict=True)
        return {
            name: hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()
            for name, path in entries
            if path.exists()
        }

    def frames(self, paths: list[str]) -> np.ndarray:
        """The number of frames of each entry, int64 `(entries,)`, from file sizes."""
        sizes = np.array([Path(path).stat().st_size for path in paths], dtype=np.int64)
        width = np.dtype(self.dtype).itemsize
        return sizes // (width * self.front_end.dimensions)

    def _jobs(self, table, transforms) -> dict[str, list["_Job"]]:
        """The rows of each entry, because copies of a recording share one entry."""
        jobs = {}
        columns = ["utterance", "file", "start", "end", "digest"]
        rows = list(table[columns].itertuples(index=False, name=None))
        for transform in transforms:
            for path, row in zip(self.paths(table, transform), rows, strict=True):
                bound = self._bound(transform, row[0])
                jobs.setdefault(path, []).append(_Job(path, bound, *row))
        return jobs

    def _bound(self, transform, utterance: str):
        """The complete transform of one utterance, `unaugmented` last."""
        both = [
            each.for_utterance(utterance) if hasattr(each, "for_utterance") else each
            for each in (transform, self.unaugmented)
        ]
        return functools.reduce(
            audio.Chain, [each for each in both if each != IDENTITY] or [IDENTITY]
        )

    def _absent(self, paths, verify: bool) -> list[str]:
        """The entries to extract; it warns of those that are damaged."""
        state = {path: self._state(path, verify) for path in paths}
        damaged = [path for path in paths if state[path] == "damaged"]
        if damaged:
            warnings.warn(
                f"Damaged features are extracted again: {len(damaged)}, the first "
                f"{damaged[0]}.",
                stacklevel=3,
            )
        return [path for path in paths if state[path] != "complete"]

    def _state(self, path: str, verify: bool) -> str:
        try:
            size = os.stat(path).st_size
        except FileNotFoundError:
            return "absent"
        width = np.dtype(self.dtype).itemsize * self.front_end.dimensions
        damaged = size == 0 or size % width
        if verify and not damaged:
            damaged = self._is_damaged(np.fromfile(path, dtype=self.dtype))
        return "damaged" if damaged else "complete"

    def _is_damaged(self, values: np.ndarray) -> bool:
        size = values.size
        is_incomplete = size == 0 or size % self.front_end.dimensions
        return bool(is_incomplete or not np.isfinite(values).all())

    def _extract_all(self, todo, workers, progress) -> dict[str, str]:
        """Writes entries; returns the reason for each entry that failed."""
        if not todo:
            return {}
        import joblib
        import tqdm

        jobs = (joblib.delayed(_extract)(self.front_end, job[0]) for job in todo)
        done = joblib.Parallel(n_jobs=workers, return_as="generator_unordered")(jobs)
        bar = tqdm.tqdm(
            done, total=len(todo), desc="features", unit="file", disable=not progress
        )
        return {path: reason for path, reason in bar if reason}

    def _path(self, digest, start, end, transform) -> str:
        segment = f"{float(start)} {float(end)}"
        identity = f"{digest} {segment} {transform.key} {self._settings}"
        name = hashlib.blake2b(identity.encode(), digest_size=16).hexdigest()
        return str(self.cache / name[:2] / f"{name}.{self._suffix}")


def _dtype(front_end) -> str:
    return getattr(front_end, "dtype", "<f2")


class _Job(NamedTuple):
    """The arguments for the extraction of one row's entry."""

    path: str
    transform: Callable
    utterance: str
    file: str
    start: float
    end: float
    digest: str


def _extract(front_end, job: _Job) -> tuple[str, str]:
    """Writes an entry; returns its path and the fault of its audio, or ""."""
    try:
        features = extract(
            front_end, job.file, job.start, job.end, job.transform, job.digest
        )
    except (_BadAudio, FileNotFoundError) as error:
        return job.path, str(error)
    with files.replacing(job.path) as temporary:
        features.astype(_dtype(front_end)).tofile(temporary)
    return job.path, ""


def _unusable(jobs, failed) -> list[Unusable]:
    """The utterances of failed entries, each once, in the table's order."""
    found = {}
    for path, rows in jobs.items():
        for row in rows if path in failed else ():
            reason = failed[path]
            found.setdefault(row.utterance, Unusable(row.utterance, row.file, reason))
    return list(found.values())
