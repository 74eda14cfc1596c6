"""Jobs with a classical system: an SVM on functionals, or a probe."""

import dataclasses
import importlib.metadata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from keras_ser import conditions
from keras_ser.classical import CLASSICAL, Scaling
from keras_ser.experiments.job import Job, feature_store
from keras_ser.features import IDENTITY, FeatureStore
from keras_ser.features.preprocessing import warn_of_single_emotions
from keras_ser.protocols import Fold


def is_classical(job: Job) -> bool:
    """Returns whether a job's system is one of `CLASSICAL`."""
    return job.config.systems[job.system].model in CLASSICAL


def make_system(job: Job) -> Any:
    """Returns the classical system of a job."""
    system = job.config.systems[job.system]
    return CLASSICAL[system.model](**system.arguments)


def needed_features(
    jobs: Iterable[Job], cache: str | Path
) -> Iterator[tuple[FeatureStore, pd.DataFrame]]:
    """Yields the feature stores that jobs read, each with the utterances to read.

    Args:
        jobs: Jobs with classical systems.
        cache: The folder of the feature stores.
    """
    by_system = {}
    for job in jobs:
        by_system.setdefault(job.system, []).append(job)
    for group in by_system.values():
        system = make_system(group[0])
        store = _store(group[0], system, cache)
        if store is not None:
            tests = [table for job in group for table in job.fold.tests.values()]
            train = [_training_table(job.fold, system) for job in group]
            training_store = group[0].training_store(store)
            if training_store.unaugmented == store.unaugmented:
                tests += train
            else:
                yield training_store, pd.concat(train).drop_duplicates("utterance")
            yield store, pd.concat(tests).drop_duplicates("utterance")


def fit_and_test(job: Job, cache: str | Path) -> tuple[pd.DataFrame, dict]:
    """Fits the classical system of a job and predicts the tests of its fold.

    Args:
        job: The job.
        cache: The folder of the feature stores. Missing entries are extracted.

    Returns:
        The predictions, as `evaluation.predictions` returns them, and the entries
        that are added to `metrics.json`: `dimensions` (values per utterance),
        `front_end` with the version of openSMILE, `scikit_learn` (its version),
        `trained_on` and `selected_by`.

    Raises:
        ValueError: If a condition follows the gradient of a network, or mixes in
            noise that the job does not have.
    """
    conditions.check(job.config.conditions, job.config.noise, [job.system])
    texts = job.config.systems[job.system].train_conditions
    conditions.check_training(texts, job.config.noise)
    system, fold = make_system(job), job.fold
    store = _store(job, system, cache)
    train = _training_table(fold, system)
    filled = _filled(store and job.training_store(store), train)
    vectors = system.vectors(train, filled)
    scaling = Scaling(job.config.features.normalise, vectors)
    if scaling.normalise == "speaker":
        warn_of_single_emotions([train, *fold.tests.values()])
    fitted = system.estimator().fit(scaling(vectors, train.speaker), train.emotion)
    parts = []
    for text in job.config.conditions:
        condition = conditions.parse(text)
        for table in fold.tests.values():
            changed = store and store.under(condition.transform(job.noise))
            tested = system.vectors(table, _filled(changed, table))
            scores = system.posteriors(fitted, scaling(tested, table.speaker))
            rows = _predictions(table, fold.classes, fitted.classes_, scores)
            rows.insert(1, "condition", condition.text)
            parts.append(rows)
    found = {
        "dimensions": vectors.shape[1],
        "front_end": store and dataclasses.asdict(store.front_end),
        "scikit_learn": importlib.metadata.version("scikit-learn"),
        **_sides(fold, system),
    }
    return pd.concat(parts), found


def _store(job: Job, system, cache) -> FeatureStore | None:
    """Returns the store of the features that a system uses; None if it uses none."""
    default = feature_store(job.config, cache)
    front_end = system.front_end(default.front_end)
    return None if front_end is None else FeatureStore(default.cache, front_end)


def _filled(store: FeatureStore | None, table: pd.DataFrame) -> FeatureStore | None:
    """Extracts the missing features of a table; returns the store."""
    if store is not None:
        store.prepare(table, [IDENTITY], progress=False)
    return store


def _training_table(fold: Fold, system) -> pd.DataFrame:
    tables = [fold.train, fold.dev] if system.train_on_dev else [fold.train]
    return pd.concat(tables, ignore_index=True)


def _sides(fold: Fold, system) -> dict:
    """Returns what the system was trained on and what selected it."""
    if not system.train_on_dev:
        selected_by = "nothing: fixed settings, development speakers unused"
        return {"trained_on": ["train"], "selected_by": selected_by}
    selected_by = f"nothing: fixed settings, {fold.selected_by} train too"
    return {"trained_on": ["train", "dev"], "selected_by": selected_by}


def _predictions(table, classes, known, posteriors) -> pd.DataFrame:
    """Returns the rows of `evaluation.predictions` without the column `condition`.

    Args:
        table: The utterances.
        classes: The classes of the fold.
        known: The classes that occur in the training speech; the others get the
            probability 0.
        posteriors: The probabilities, `(utterances, known classes)`.
    """
    columns = pd.DataFrame(posteriors, columns=known)
    columns = columns.reindex(columns=list(classes), fill_value=0.0)
    rows = table[["corpus", "utterance", "speaker"]].reset_index(drop=True)
    rows = rows.assign(head="emotion", truth=table.emotion.to_numpy())
    best = columns.to_numpy().argmax(axis=1)
    rows["prediction"] = np.array(classes)[best]
    return pd.concat([rows, columns.add_prefix("p_")], axis=1)
