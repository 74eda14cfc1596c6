"""Features of utterances, computed once and kept in a cache."""

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

PLAIN = audio.Speed(1.0)


def extract(
    front_end, file, start=None, end=None, transform=PLAIN, digest: str = ""
) -> np.ndarray:
    """Features of a file or segment, `(frames, bands)`.

    Args:
        front_end: callable dataclass, waveform to `(frames, bands)`.
        file, start, end, digest: see `audio.read`.
        transform: of the waveform.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: see `audio.read`; or `transform` leaves nothing of the audio, or
            its features are not finite.
    """
    with np.errstate(all="ignore"):  # huge samples: refused below
        return _extract_finite(front_end, file, start, end, transform, digest)


def _extract_finite(front_end, file, start, end, transform, digest) -> np.ndarray:
    with _blamed_on_audio():
        wave = audio.read(file, start, end, digest=digest)
    wave = transform(wave)
    if len(wave) == 0:
        raise _BadAudio(
            f"Expected speech. Received: {file}, of which {transform.key} leaves no "
            "sample. Remove the file from the corpus."
        )
    with _blamed_on_audio():
        features = front_end(wave)
    if not np.isfinite(features).all():
        raise _BadAudio(
            f"Expected samples within about ±1. Received: {file} with a sample of "
            f"{np.abs(wave).max():g}, whose features are not finite. Export the file "
            "again from its source."
        )
    return features


class _BadAudio(ValueError):
    """What is wrong with audio, apart from what is wrong with a setting."""


@contextlib.contextmanager
def _blamed_on_audio():
    try:
        yield
    except ValueError as error:
        raise _BadAudio(str(error)) from error


class FeatureStore:
    """Features on disk: one raw file an utterance and waveform transform.

    An entry's name is a hash of the audio's digest, the segment, the transform and
    the front-end's settings: folds, systems and experiments share entries, and an
    entry that exists is right. Entries are written under a temporary name and
    renamed, so a crash half-way leaves whole entries only, and two processes can
    fill one folder.

    Args:
        cache: folder.
        front_end: callable dataclass, waveform to `(frames, bands)`; its `dtype`,
            where it has one, is that of the files, otherwise float16.
        speeds: speed factors that `prepare` extracts.

    Example:

    >>> store = FeatureStore("cache", LogMel(), speeds=(0.9, 1.0, 1.1))
    >>> store.prepare(table)
    """

    def __init__(self, cache, front_end=None, speeds: Iterable[float] = (1.0,)):
        self.cache = Path(cache)
        self.front_end = front_end or LogMel()
        self.transforms = tuple(audio.Speed(factor) for factor in speeds)
        self.plain = PLAIN  # what stands for the speech as it is
        self.dtype = _dtype(self.front_end)
        self._suffix = f"f{8 * np.dtype(self.dtype).itemsize}"
        self._settings = json.dumps(
            [type(self.front_end).__name__, dataclasses.asdict(self.front_end)]
        )

    def under(self, transform) -> "FeatureStore":
        """The store in which this transform stands for the speech as it is.

        Its other transforms come before it: noise is mixed into speech at another
        speed, and is at its own.

        Args:
            transform: of the waveform; one with a method `of(utterance)` is another
                one for each utterance.
        """
        store = copy.copy(self)
        store.plain = transform
        return store

    def paths(self, table: pd.DataFrame, transform=PLAIN) -> list[str]:
        """The entry of each row; it exists once `prepare` has run."""
        nameless = table.utterance[table.digest.isin(["", None])]
        if len(nameless):
            raise ValueError(
                "Expected a digest of each utterance's audio, by which the cache "
                f"finds its features. Received none for {nameless.iloc[0]!r}. Fill "
                "them in with `corpora.table.with_digests`."
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
        """Extracts every entry that is absent or damaged; returns how many were.

        Args:
            table: the utterances.
            transforms: waveform transforms; default, the store's speeds.
            workers: processes.
            progress: whether to show a bar with the time left.
            bad: collects the utterances that cannot be used; without it, they are
                an error.
            verify: whether to read the entries that are there, beyond their sizes.

        Raises:
            UnusableAudio: audio that cannot be used, of all utterances together.
            ValueError: a transform that cannot be applied to any audio.
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
        """An entry as float32 `(frames, bands)`.

        Raises:
            FileNotFoundError, ValueError: the entry is absent or damaged.
        """
        if not Path(path).is_file():
            raise FileNotFoundError(
                f"Expected features in {path}. Received: no such file. Run again: "
                "what is absent is extracted."
            )
        values = np.fromfile(path, dtype=self.dtype)
        if self._damaged(values):
            raise ValueError(
                f"Expected frames of {self.front_end.bands} finite numbers in {path}. "
                f"Received: {values.nbytes} bytes that are none. Delete it and run "
                "again: what is absent is extracted."
            )
        return values.reshape(-1, self.front_end.bands).astype(np.float32)

    def fingerprints(self, table: pd.DataFrame) -> dict[str, str]:
        """By utterance, a hash of its features; those that are absent are left out.

        It is the same for the same samples in whatever file, where the digest of the
        file's bytes is another.
        """
        entries = zip(table.utterance, map(Path, self.paths(table)), strict=True)
        return {
            name: hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()
            for name, path in entries
            if path.exists()
        }

    def frames(self, paths: list[str]) -> np.ndarray:
        """The number of frames of each entry, from its file's size."""
        sizes = np.array([Path(path).stat().st_size for path in paths], dtype=np.int64)
        width = np.dtype(self.dtype).itemsize
        return sizes // (width * self.front_end.bands)

    def _jobs(self, table, transforms) -> dict[str, list["_Job"]]:
        """The rows of each entry: copies of a recording share one."""
        jobs = {}
        columns = ["utterance", "file", "start", "end", "digest"]
        rows = list(table[columns].itertuples(index=False, name=None))
        for transform in transforms:
            for path, row in zip(self.paths(table, transform), rows, strict=True):
                bound = self._bound(transform, row[0])
                jobs.setdefault(path, []).append(_Job(path, bound, *row))
        return jobs

    def _bound(self, transform, utterance: str):
        """A transform as it is for one utterance."""
        both = (transform, self.plain)
        both = [t.of(utterance) if hasattr(t, "of") else t for t in both]
        return functools.reduce(audio.Chain, [t for t in both if t != PLAIN] or [PLAIN])

    def _absent(self, paths, verify: bool) -> list[str]:
        """The entries to extract, with a warning where one is damaged."""
        state = {path: self._state(path, verify) for path in paths}
        damaged = [path for path in paths if state[path] == "damaged"]
        if damaged:
            warnings.warn(
                f"Features that are damaged are extracted again: {len(damaged)}, the "
                f"first {damaged[0]}.",
                stacklevel=3,
            )
        return [path for path in paths if state[path] != "whole"]

    def _state(self, path: str, verify: bool) -> str:
        try:
            size = os.stat(path).st_size
        except FileNotFoundError:
            return "absent"
        width = np.dtype(self.dtype).itemsize * self.front_end.bands
        damaged = size == 0 or size % width
        if verify and not damaged:
            damaged = self._damaged(np.fromfile(path, dtype=self.dtype))
        return "damaged" if damaged else "whole"

    def _damaged(self, values: np.ndarray) -> bool:
        size = values.size
        odd = size == 0 or size % self.front_end.bands
        return bool(odd or not np.isfinite(values).all())

    def _extract_all(self, todo, workers, progress) -> dict[str, str]:
        """Writes entries; returns what is wrong, by entry, where one cannot be."""
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
    """What is needed to extract one row's entry."""

    path: str
    transform: Callable
    utterance: str
    file: str
    start: float
    end: float
    digest: str


def _extract(front_end, job: _Job) -> tuple[str, str]:
    """The entry, and what is wrong with its audio; empty where it was written."""
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
    """The utterances of failed entries, once each, in the table's order."""
    found = {}
    for path, rows in jobs.items():
        for row in rows if path in failed else ():
            reason = failed[path]
            found.setdefault(row.utterance, Unusable(row.utterance, row.file, reason))
    return list(found.values())
