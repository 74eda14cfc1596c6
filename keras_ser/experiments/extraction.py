"""The features that jobs read, extracted before anything trains."""

import pandas as pd

from keras_ser.audio import unusable
from keras_ser.audio.unusable import Unusable
from keras_ser.experiments.job import Job, feature_store
from keras_ser.features import PLAIN
from keras_ser.protocols import leaks


def prepare(
    planned: list[Job],
    cache,
    workers: int = 1,
    progress: bool = True,
    bad: list[Unusable] | None = None,
) -> int:
    """Extracts the features that jobs need; returns how many were absent.

    Every utterance once, in every variant that a system of the jobs trains on: a
    fold's test speaker trains in the others. What is there already is read, too:
    entries that are damaged are extracted again.

    Args:
        planned: from `jobs`.
        cache: folder of the feature store.
        workers: processes.
        progress: whether to show bars.
        bad: collects the utterances that cannot be used; without it, they are an
            error.

    Raises:
        UnusableAudio: audio that cannot be used, all of it; more than a few are
            listed in `unusable.csv` in the cache.
    """
    found, count = unusable.unread(_utterances(planned)), 0
    for store, table, transforms in _needed(planned, cache):
        known = {each.utterance for each in found}
        table = table[~table.utterance.isin(known)]
        count += store.prepare(table, transforms, workers, progress, found, verify=True)
    if bad is None:
        unusable.refuse(found, cache)
    else:
        bad += found
    return count


def check_same_sound(planned: list[Job], cache) -> None:
    """Raises ValueError where a fold's sides share sound, by the features there are.

    What `leaks` compares when a fold is made are files: a recording that was saved
    again has other bytes.
    """
    folds = {job.fold.name: job.fold for job in planned}.values()
    for store, table, _ in _needed(planned, cache):
        if store.plain == PLAIN:  # noise is another one for each utterance
            sound = store.fingerprints(table)
            for fold in folds:
                leaks.refuse_sound(fold.name, fold.sides(), sound)


def _needed(planned: list[Job], cache) -> list[tuple]:
    """The stores that jobs read, each with its utterances and transforms."""
    from keras_ser.experiments import classical

    others = [job for job in planned if classical.is_classical(job)]
    networks = [job for job in planned if not classical.is_classical(job)]
    needed = [(*each, [PLAIN]) for each in classical.needed(others, cache)]
    return [*needed, *_networks_need(networks, cache)]


def _utterances(planned: list[Job]) -> pd.DataFrame | None:
    folds = {job.fold.name: job.fold for job in planned}.values()
    sides = [side for fold in folds for side in fold.sides().values()]
    return pd.concat(sides).drop_duplicates("utterance") if sides else None


def _networks_need(planned: list[Job], cache) -> list[tuple]:
    """The stores that networks read, each with its utterances and transforms.

    First that of speech as it is, which is tested; then those of other conditions
    that systems learn from.
    """
    if not planned:
        return []
    store = feature_store(planned[0].config, cache)
    learning = {store.plain: []}
    for job in planned:
        learning.setdefault(job.training_store(store).plain, []).append(job)
    return [
        (
            store.under(plain),
            _utterances(planned if plain == store.plain else group),
            [PLAIN, *_augmenting(group)],
        )
        for plain, group in learning.items()
    ]


def _augmenting(planned: list[Job]) -> dict:
    """The waveform transforms of the systems' augmentations, as keys."""
    from keras_ser import augment

    return {
        transform: None
        for job in planned
        for each in augment.instances(job.config.systems[job.system].augment)
        if each.kind == "waveform"
        for transform in each.transforms
    }
