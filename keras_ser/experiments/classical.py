"""Jobs with a classical system: an SVM on functionals, or a probe."""

import dataclasses
import importlib.metadata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from keras_ser import conditions
from keras_ser.classical import Scaling
from keras_ser.experiments import lookup
from keras_ser.experiments.job import Job, feature_store
from keras_ser.experiments.label_checks import check_task
from keras_ser.experiments.run_folder import record_tasks
from keras_ser.features import IDENTITY, FeatureStore
from keras_ser.features.preprocessing import warn_of_single_emotions
from keras_ser.protocols import HEARD, Fold
from keras_ser.tasks import EMOTION, ColumnTask, of_column


def is_classical(job: Job) -> bool:
    """Returns whether a job's system is not a network."""
    return lookup.is_classical(job.config.systems[job.system].model)


def make_system(job: Job) -> Any:
    """Returns the classical system of a job."""
    system = job.config.systems[job.system]
    return lookup.model_class(system.model)(**system.arguments)


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


def fit_and_test(
    job: Job, cache: str | Path, folder: Path | None = None
) -> tuple[pd.DataFrame, dict]:
    """Fits the classical system of a job and predicts the tests of its fold.

    Args:
        job: The job.
        cache: The folder of the feature stores. Missing entries are extracted.
        folder: The folder of the unfinished run, to whose `config.json` the tasks are
            added; None if there is none.

    Returns:
        The predictions, as `evaluation.predictions` returns them with the column
        `test`, and the entries that are added to `metrics.json`: `dimensions` (values
        per utterance), `front_end` with the version of openSMILE, `scikit_learn` (its
        version), `trained_on` and `selected_by`.

    Raises:
        ValueError: If a condition follows the gradient of a network, or mixes in
            noise that the job does not have, or if a target has fewer than two
            classes in the training speech.
    """
    conditions.check(job.config.conditions, job.config.noise, [job.system])
    texts = job.config.systems[job.system].train_conditions
    conditions.check_training(texts, job.config.noise)
    system, fold = make_system(job), job.data
    store = _store(job, system, cache)
    train = _training_table(fold, system)
    filled = _filled(store and job.training_store(store), train)
    vectors = system.vectors(train, filled)
    scaling = Scaling(job.config.features.normalise, vectors)
    if scaling.normalise == "speaker":
        warn_of_single_emotions([train, *fold.tests.values()])
    learners = _fit(system, fold, train, scaling(vectors, train.speaker))
    if folder is not None:
        record_tasks(folder, [learner.task for learner in learners], fold)
    parts = []
    for text in job.config.conditions:
        condition = conditions.parse(text)
        for name, table in fold.tests.items():
            changed = store and store.under(condition.transform(job.noise))
            tested = system.vectors(table, _filled(changed, table))
            rows = _predict(learners, table, scaling(tested, table.speaker))
            rows.insert(1, "condition", condition.text)
            parts.append(rows.assign(test=name))
    if fold.heard is not None:
        tested = system.vectors(fold.heard, _filled(store, fold.heard))
        spoken = vectors, train.speaker
        scaled = scaling(tested, fold.heard.speaker, spoken)
        parts.append(_predict_heard(learners, fold.heard, scaled))
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


@dataclasses.dataclass(frozen=True)
class _Learner:
    """A classical system that was fitted to the labels of one task."""

    task: ColumnTask
    system: Any
    fitted: Any

    def outputs(self, vectors: np.ndarray) -> np.ndarray:
        """Scores of the task's classes, or numbers, `(utterances, size)`.

        Classes that do not occur in the training speech get the score 0.
        """
        if not self.task.classes:
            return self.fitted.predict(vectors)[:, None]
        scores = self.system.posteriors(self.fitted, vectors)
        columns = pd.DataFrame(scores, columns=self.fitted.classes_)
        classes = list(self.task.classes)
        return columns.reindex(columns=classes, fill_value=0.0).to_numpy()


def target_tasks(job: Job) -> list[ColumnTask]:
    """Returns what the classical system of a job learns.

    Raises:
        ValueError: If the training speech has fewer than two classes or numbers of a
            target.
    """
    system, fold = make_system(job), job.data
    return _tasks(system, fold, _training_table(fold, system))


def _tasks(system, fold: Fold, train: pd.DataFrame) -> list[ColumnTask]:
    known = {EMOTION: fold.classes}
    tasks = [of_column(train, column, known) for column in system.targets]
    for task in tasks:
        check_task(task, train)
    return tasks


def _fit(system, fold: Fold, train: pd.DataFrame, vectors) -> list[_Learner]:
    """Fits the system to each of its targets, on the utterances that have a label."""
    learners = []
    for task in _tasks(system, fold, train):
        labels, truth = task.read(train), task.truths(train)
        known = task.known(labels)  # development speakers may have other classes
        if task.classes:
            fitted = system.estimator().fit(vectors[known], truth[known])
        else:
            fitted = system.regressor().fit(vectors[known], labels[known])
        learners.append(_Learner(task, system, fitted))
    return learners


def _predict_heard(
    learners: list[_Learner], table: pd.DataFrame, vectors: np.ndarray
) -> pd.DataFrame:
    """Returns the rows of `evaluation.heard_predictions`.

    Args:
        learners: From `_fit`.
        table: The held-out utterances of training speakers.
        vectors: Their scaled vectors, `(utterances, dimensions)`.
    """
    known = [
        each
        for each in learners
        if each.task.uses_unlabelled and (each.task.truths(table) != "").any()
    ]
    if known:
        rows = _predict(known, table, vectors)
    else:
        rows = table.iloc[:0][["corpus", "utterance", "speaker"]]
        rows = rows.assign(head="", truth="", prediction="")
    rows.insert(1, "condition", "clean")
    return rows.assign(test=HEARD)


def _predict(learners: list[_Learner], table: pd.DataFrame, vectors) -> pd.DataFrame:
    """Returns the rows of `evaluation.predictions` without the column `condition`.

    Args:
        learners: From `_fit`.
        table: The utterances.
        vectors: Their scaled vectors, `(utterances, dimensions)`.
    """
    rows = table[["corpus", "utterance", "speaker"]].reset_index(drop=True)
    parts = []
    for learner in learners:
        task = learner.task
        part = rows.assign(head=task.name, truth=task.truths(table))
        if parts and not (part.truth != "").any():
            continue  # nobody's speaker is known, for example
        predicted = task.predictions(learner.outputs(vectors))
        parts.append(pd.concat([part, predicted], axis=1))
    return pd.concat(parts, ignore_index=True)
