"""Extracts the features that jobs read, before anything trains."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from keras_ser.audio import unusable
from keras_ser.audio.unusable import Unusable
from keras_ser.corpora import copies
from keras_ser.experiments.job import Job, feature_store
from keras_ser.features import IDENTITY, FeatureStore
from keras_ser.features.verification import Verification
from keras_ser.protocols import leaks


def prepare(
    planned: list[Job],
    cache: str | Path,
    workers: int = 1,
    progress: bool = True,
    bad: list[Unusable] | None = None,
    verification: Verification | None = None,
) -> int:
    """Extracts the features that jobs need and that the cache lacks.

    Each utterance is extracted once, in every variant that a system of the jobs
    trains on, because the test speaker of one fold trains in the others. The headers
    and sizes of entries that are there already are checked, and damaged entries are
    extracted again.

    Args:
        planned: The jobs, from `plan.plan_jobs`.
        cache: The folder of the feature store.
        workers: The number of processes.
        progress: Whether to show progress bars.
        bad: A list to which the utterances that cannot be used are added. Without
            it, such utterances are an error.
        verification: If given, existing entries are read and verified as a whole, and
            it is filled with what is found.

    Returns:
        The number of entries that were extracted.

    Raises:
        UnusableAudio: If audio cannot be used. It names all such utterances; if they
            are many, they are listed in `unusable.csv` in the cache.
    """
    found, count = unusable.list_unreadable(_utterances(planned)), 0
    for store, table, transforms in _needed(planned, cache):
        known = {each.utterance for each in found}
        table = table[~table.utterance.isin(known)]
        count += store.prepare(
            table, transforms, workers, progress, found, verification=verification
        )
    if bad is None:
        unusable.check_none(found, cache)
    else:
        bad += found
    return count


def check_sound(planned: list[Job], cache: str | Path) -> None:
    """Raises ValueError if two sides of a fold share a recording, by its features.

    When a fold is made, `leaks` compares the bytes of files. A recording that was
    saved again has different bytes, but the same features.

    Args:
        planned: The jobs, whose features have been extracted by `prepare`.
        cache: The folder of the feature store.
    """
    folds = {job.fold.name: job.fold for job in planned}.values()
    found = [
        store.fingerprints(table)
        for store, table, _ in _needed(planned, cache)
        if store.unaugmented == IDENTITY  # each utterance gets its own noise
    ]
    if folds and not found:  # systems that read no features, such as `LengthProbe`
        found = [copies.sound_of(_utterances(planned))]
    for sound in found:
        for fold in folds:
            leaks.check_sound(fold.name, fold.sides(), sound)


class Needed(NamedTuple):
    """Entries that jobs read.

    Args:
        store: The feature store.
        transform: The waveform transform of the entries.
        paths: The paths of the entries.
        originals: The paths of the same utterances without the transform.
    """

    store: FeatureStore
    transform: Callable
    paths: list[str]
    originals: list[str]


def needed_entries(planned: list[Job], cache: str | Path) -> Iterator[Needed]:
    """Yields the entries that jobs read, originals before transformed ones.

    Args:
        planned: The jobs.
        cache: The folder of the feature store.
    """
    for store, table, transforms in _needed(planned, cache):
        originals = store.paths(table, IDENTITY)
        for transform in transforms:
            yield Needed(store, transform, store.paths(table, transform), originals)


def _needed(planned: list[Job], cache) -> list[tuple]:
    """Returns the stores that jobs read, each with its utterances and transforms."""
    from keras_ser.experiments import classical

    others = [job for job in planned if classical.is_classical(job)]
    networks = [job for job in planned if not classical.is_classical(job)]
    needed = [(*each, [IDENTITY]) for each in classical.needed_features(others, cache)]
    return [*needed, *_needed_by_networks(networks, cache)]


def _utterances(planned: list[Job]) -> pd.DataFrame | None:
    folds = {job.fold.name: job.fold for job in planned}.values()
    sides = [side for fold in folds for side in fold.sides().values()]
    return pd.concat(sides).drop_duplicates("utterance") if sides else None


def _needed_by_networks(planned: list[Job], cache) -> list[tuple]:
    """Returns the stores that networks read, each with its utterances and transforms.

    The first store holds clean speech, which is tested. The others hold speech under
    other conditions that systems train on.
    """
    if not planned:
        return []
    store = feature_store(planned[0].config, cache)
    groups = {store.unaugmented: []}
    for job in planned:
        groups.setdefault(job.training_store(store).unaugmented, []).append(job)
    return [
        (
            store.under(base),
            _utterances(planned if base == store.unaugmented else group),
            [IDENTITY, *_waveform_transforms(group)],
        )
        for base, group in groups.items()
    ]


def _waveform_transforms(planned: list[Job]) -> dict:
    """Returns the waveform transforms of the systems' augmentations, as keys."""
    from keras_ser import augment

    return {
        transform: None
        for job in planned
        for each in augment.instances(job.config.systems[job.system].augment)
        if each.kind == "waveform"
        for transform in each.transforms
    }
