"""Jobs whose system is classical: an SVM on functionals, or a probe."""

import dataclasses
import importlib.metadata
from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from keras_ser import conditions
from keras_ser.classical import CLASSICAL, Scaling
from keras_ser.experiments.job import Job, feature_store
from keras_ser.features import PLAIN, FeatureStore
from keras_ser.features.preprocessing import warn_of_single_emotions
from keras_ser.protocols import Fold


def is_classical(job: Job) -> bool:
    """Whether a job's system is one of `CLASSICAL`."""
    return job.config.systems[job.system].model in CLASSICAL


def system_of(job: Job):
    """The classical system of a job."""
    system = job.config.systems[job.system]
    return CLASSICAL[system.model](**system.arguments)


def needed(jobs: Iterable[Job], cache) -> Iterator[tuple[FeatureStore, pd.DataFrame]]:
    """The stores that jobs read, each with the utterances that are read from it."""
    by_system = {}
    for job in jobs:
        by_system.setdefault(job.system, []).append(job)
    for own in by_system.values():
        system = system_of(own[0])
        store = _store(own[0], system, cache)
        if store is not None:
            tests = [table for job in own for table in job.fold.tests.values()]
            train = [_training(job.fold, system) for job in own]
            learning = own[0].training_store(store)
            if learning.plain == store.plain:
                tests += train
            else:
                yield learning, pd.concat(train).drop_duplicates("utterance")
            yield store, pd.concat(tests).drop_duplicates("utterance")


def fit_and_test(job: Job, cache) -> tuple[pd.DataFrame, dict]:
    """Fits a job's classical system and predicts its fold's tests.

    Args:
        job: what to run.
        cache: folder of the feature stores; absent entries are extracted.

    Returns:
        Predictions as `evaluation.predictions` gives them, and what joins
        `metrics.json`: `dimensions`, `front_end` with the version of openSMILE,
        `scikit_learn`, `trained_on`, `selected_by`.

    Raises:
        ValueError: conditions that follow a network's gradient, or mix in noise that
            the job does not have.
    """
    conditions.check(job.config.conditions, job.config.noise, [job.system])
    learning = job.config.systems[job.system].train_conditions
    conditions.check_training(learning, job.config.noise)
    system, fold = system_of(job), job.fold
    store = _store(job, system, cache)
    train = _training(fold, system)
    vectors = system.vectors(train, _filled(store and job.training_store(store), train))
    scaling = Scaling(job.config.features.normalise, vectors)
    if scaling.normalise == "speaker":
        warn_of_single_emotions([train, *fold.tests.values()])
    fitted = system.estimator().fit(scaling(vectors, train.speaker), train.emotion)
    parts = []
    for text in job.config.conditions:
        condition = conditions.parse(text)
        for table in fold.tests.values():
            given = store and store.under(condition.transform(job.noise))
            vectors_of = system.vectors(table, _filled(given, table))
            tested = scaling(vectors_of, table.speaker)
            scores = system.posteriors(fitted, tested)
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
    """The store of what a system's vectors are made of."""
    default = feature_store(job.config, cache)
    front_end = system.front_end(default.front_end)
    return None if front_end is None else FeatureStore(default.cache, front_end)


def _filled(store: FeatureStore | None, table: pd.DataFrame) -> FeatureStore | None:
    """The store, where a system has one, with what it lacks of a table."""
    if store is not None:
        store.prepare(table, [PLAIN], progress=False)
    return store


def _training(fold: Fold, system) -> pd.DataFrame:
    tables = [fold.train, fold.dev] if system.train_on_dev else [fold.train]
    return pd.concat(tables, ignore_index=True)


def _sides(fold: Fold, system) -> dict:
    if not system.train_on_dev:
        said = "nothing: fixed settings, development speakers unused"
        return {"trained_on": ["train"], "selected_by": said}
    said = f"nothing: fixed settings, {fold.selected_by} train too"
    return {"trained_on": ["train", "dev"], "selected_by": said}


def _predictions(table, classes, known, posteriors) -> pd.DataFrame:
    """The rows of `evaluation.predictions` but for their condition.

    A class that nobody trained has probability 0.
    """
    columns = pd.DataFrame(posteriors, columns=known)
    columns = columns.reindex(columns=list(classes), fill_value=0.0)
    rows = table[["corpus", "utterance", "speaker"]].reset_index(drop=True)
    rows = rows.assign(head="emotion", truth=table.emotion.to_numpy())
    best = columns.to_numpy().argmax(axis=1)
    rows["prediction"] = np.array(classes)[best]
    return pd.concat([rows, columns.add_prefix("p_")], axis=1)
