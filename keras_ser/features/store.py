"""Features of utterances, which are computed once and kept in a cache."""

import contextlib
import copy
import functools
import hashlib
import json
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from keras_ser import audio
from keras_ser.audio.unusable import Unusable, UnusableAudio
from keras_ser.features import entries
from keras_ser.features.code import code_hash
from keras_ser.features.contract import (
    FrontEnd,
    looks_up,
    named_settings,
    stored_type,
    version_parts,
)
from keras_ser.features.extraction import IDENTITY, BadAudio, extract
from keras_ser.features.front_ends import LogMel
from keras_ser.features.moments import Sums
from keras_ser.features.verification import Verification
from keras_ser.utils import files, parallel


class FeatureStore:
    """Features on disk: one file per utterance and waveform transform.

    The name of an entry is a hash of the audio's digest, the segment, the transform
    and the front-end's settings. Folds, systems and experiments therefore share
    entries, and an entry that exists is up to date. Entries are written under a
    temporary name and then renamed. A crash therefore never leaves a partial entry,
    and two processes can fill the same folder.

    The code of your own front-end is part of the name too, see `features.code`. If it
    calls functions outside its class and these change, change its `version`.

    An entry holds its own name and checksums; see `features.entries`. `prepare` checks
    the header and the size of every entry. Whatever reads features verifies them too,
    so that a damaged entry is an error or is extracted again, and never a wrong number.

    Args:
        cache: The folder of the entries.
        front_end: The front-end, see `features.contract`. Its attribute `dtype`,
            `"<f2"` or `"<f4"`, is the type of the files; without it, they are float32.
            The default is `LogMel()`, with files of float16.
        speeds: The speed factors that `prepare` extracts.

    Attributes:
        format: The format of the entries.

    Example:

    >>> store = FeatureStore("cache", LogMel(), speeds=(0.9, 1.0, 1.1))
    >>> store.prepare(table)
    """

    def __init__(
        self,
        cache: str | Path,
        front_end: FrontEnd | None = None,
        speeds: Iterable[float] = (1.0,),
    ):
        self.cache = Path(cache)
        self.front_end = front_end or LogMel()
        self.transforms = tuple(audio.Speed(factor) for factor in speeds)
        self.unaugmented = IDENTITY  # applied to all speech, see `under`
        self.dtype = stored_type(self.front_end)
        self.format = entries.Format(self.dtype, self.front_end.dimensions)
        kind = type(self.front_end)
        self._settings = [
            f"{kind.__module__}.{kind.__qualname__} {code_hash(kind)}".strip(),
            named_settings(self.front_end),
            self.dtype,
            int(self.format.dimensions),
            *version_parts(self.front_end),
        ]

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
        undigested = table.utterance[table.digest.isna() | (table.digest == "")]
        if len(undigested):
            raise ValueError(
                "Expected a digest of each utterance's audio, because the cache finds "
                f"features by it. Received none for {undigested.iloc[0]!r}. Fill in "
                "the digests with `corpora.table.with_digests`."
            )
        transforms = [self._bound(transform, name) for name in table.utterance]
        sources = self._sources(table, transforms)
        segments = zip(sources, table.start, table.end, transforms, strict=True)
        return [self._path(*segment) for segment in segments]

    def _sources(self, table: pd.DataFrame, transforms) -> Iterable[str]:
        """What the features of each row are computed from, or where they are found."""
        if not looks_up(self.front_end):
            return table.digest
        segments = zip(table.file, table.start, table.end, transforms, strict=True)
        return [self.front_end.identity(*segment) for segment in segments]

    def prepare(
        self,
        table: pd.DataFrame,
        transforms=None,
        workers: int = 1,
        progress: bool = True,
        bad: list[Unusable] | None = None,
        verify: bool = False,
        verification: Verification | None = None,
    ) -> int:
        """Extracts every entry that is absent or damaged.

        Args:
            table: The utterances.
            transforms: The waveform transforms. The default is the store's speeds.
            workers: The number of processes.
            progress: Whether to show a progress bar with the remaining time.
            bad: A list to which the utterances that cannot be used are added. Without
                it, they are an error.
            verify: Whether existing entries are read and verified. Otherwise only
                their headers and sizes are, once per process.
            verification: Is filled with what `verify` finds, and implies it.

        Returns:
            The number of entries that were extracted.

        Raises:
            UnusableAudio: Some audio cannot be used. The error holds all such
                utterances.
            ValueError: A transform cannot be applied to any audio, or features that
                the front-end looks up are absent.
        """
        if looks_up(self.front_end):
            self._check_found(table, transforms or self.transforms)
        if not self.cache.is_dir():
            files.writable_folder(self.cache)
        jobs = self._jobs(table, transforms or self.transforms)
        if verify and verification is None:
            verification = Verification()
        todo = self._absent(jobs, verification, progress)
        failed = self._extract_all([jobs[path] for path in todo], workers, progress)
        for folder in {Path(path).parent for path in todo if path not in failed}:
            files.flush_names(folder)
        found = _unusable(jobs, failed)
        if found and bad is None:
            raise UnusableAudio(found)
        if bad is not None:
            bad += found
        return len(todo) - len(failed)

    def read(self, path: str) -> np.ndarray:
        """Reads and verifies an entry.

        Returns:
            float32 array of shape `(frames, dimensions)`.

        Raises:
            FileNotFoundError: The entry does not exist.
            DamagedEntry: The entry is not what was written; it is a ValueError.
        """
        with _naming_absent(path):
            return self.format.read(path).astype(np.float32)

    def sums(self, path: str) -> Sums:
        """Returns the sums over the frames of an entry, which its header holds.

        Raises:
            FileNotFoundError, DamagedEntry: As for `read`.
        """
        with _naming_absent(path):
            return self.format.sums(path)

    def summaries(self, paths: Iterable[str]) -> list[entries.Summary]:
        """Returns what the header of each entry says.

        Raises:
            FileNotFoundError, DamagedEntry: As for `read`.
        """
        found = []
        for path in paths:
            with _naming_absent(path):
                found.append(self.format.summary(path))
        return found

    def fingerprints(self, table: pd.DataFrame) -> dict[str, str]:
        """Returns a hash of the features of each utterance that has an entry.

        Two files with the same samples have the same hash, even if their bytes, and
        therefore their digests, differ.

        Raises:
            DamagedEntry: The header of an entry is damaged.
        """
        found = {}
        for name, path in zip(table.utterance, self.paths(table), strict=True):
            with contextlib.suppress(FileNotFoundError):
                summary = self.format.summary(path)
                found[name] = f"{summary.frames}-{summary.checksum:x}"
        return found

    def frames(self, paths: list[str]) -> np.ndarray:
        """The number of frames of each entry, int64 `(entries,)`.

        Raises:
            FileNotFoundError, DamagedEntry: As for `read`.
        """
        return np.array([each.frames for each in self.summaries(paths)], np.int64)

    def _check_found(self, table, transforms) -> None:
        """Raises ValueError unless the front-end finds the features of a table."""
        bound = {
            self._bound(each, name) for each in transforms for name in table.utterance
        }
        self.front_end.check(table, sorted(bound, key=lambda each: each.key))

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

    def _absent(self, paths, verification, progress: bool) -> list[str]:
        """The entries to extract; it warns of those that are damaged."""
        state = self._states(paths, verification, progress)
        damaged = [path for path in paths if state[path] == "damaged"]
        if damaged:
            warnings.warn(
                f"Damaged features are extracted again: {len(damaged)}, the first "
                f"{damaged[0]}.",
                stacklevel=3,
            )
        return [path for path in paths if state[path] != "complete"]

    def _states(self, paths, verification, progress: bool) -> dict[str, str]:
        if verification is None:
            return {path: self._state(path, self.format.summary) for path in paths}
        import tqdm

        bar = tqdm.tqdm(paths, desc="verify", unit="file", disable=not progress)
        state = {path: self._state(path, self.format.read) for path in bar}
        for path in paths:
            if state[path] != "absent":
                verification.add(path, state[path] == "complete")
        return state

    def _state(self, path: str, read: Callable) -> str:
        try:
            read(path)
        except FileNotFoundError:
            return "absent"
        except entries.DamagedEntry:
            return "damaged"
        return "complete"

    def _extract_all(self, todo, workers, progress) -> dict[str, str]:
        """Writes entries; returns the reason for each entry that failed."""
        if not todo:
            return {}
        import tqdm

        jobs = [(self.front_end, self.format, job[0]) for job in todo]
        done = parallel.unordered(_extract, jobs, workers)
        bar = tqdm.tqdm(
            done, total=len(todo), desc="features", unit="file", disable=not progress
        )
        return {path: reason for path, reason in bar if reason}

    def _path(self, digest, start, end, transform) -> str:
        identity = [digest, float(start), float(end), transform.key, self._settings]
        text = json.dumps(identity).encode()
        name = hashlib.blake2b(text, digest_size=entries.IDENTITY_BYTES).hexdigest()
        folder = self.cache / entries.FOLDER / name[:2]
        return str(folder / f"{name}{self.format.suffix}")


@contextlib.contextmanager
def _naming_absent(path: str):
    """Turns the error for a missing entry into one with a next step."""
    try:
        yield
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"Expected features in {path}. Received: no such file. Run again to "
            "extract the features that are absent."
        ) from error


class _Job(NamedTuple):
    """The arguments for the extraction of one row's entry."""

    path: str
    transform: Callable
    utterance: str
    file: str
    start: float
    end: float
    digest: str


def _extract(front_end, form: entries.Format, job: _Job) -> tuple[str, str]:
    """Writes an entry; returns its path and the fault of its audio, or ""."""
    try:
        features = extract(
            front_end, job.file, job.start, job.end, job.transform, job.digest
        )
    except (BadAudio, FileNotFoundError) as error:
        return job.path, str(error)
    try:
        entries.write(job.path, features, form)
    except ValueError as error:
        error.add_note(f"The utterance is {job.utterance!r} in {job.file}.")
        raise
    return job.path, ""


def _unusable(jobs, failed) -> list[Unusable]:
    """The utterances of failed entries, each once, in the table's order."""
    found = {}
    for path, rows in jobs.items():
        for row in rows if path in failed else ():
            reason = failed[path].replace(rows[0].file, row.file)  # a copy of the first
            found.setdefault(row.utterance, Unusable(row.utterance, row.file, reason))
    return list(found.values())
