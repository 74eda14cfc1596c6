"""Systems without a network: functionals with an SVM, and the probes."""

import dataclasses
import functools
import importlib.metadata
import sys
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd

from keras_ser import audio, conditions
from keras_ser.config import Experiment
from keras_ser.features import PLAIN, FeatureStore
from keras_ser.features.preprocessing import NORMALISATIONS, warn_of_single_emotions
from keras_ser.job import Job
from keras_ser.probes import LengthProbe, MeanLogMelProbe
from keras_ser.protocols import Fold

FEATURE_SETS = {"eGeMAPSv02": 88, "ComParE_2016": 6373}


def installed_opensmile() -> str:
    """The version of the package opensmile.

    Raises:
        ValueError: it is not installed.
    """
    try:
        return importlib.metadata.version("opensmile")
    except importlib.metadata.PackageNotFoundError as error:
        raise ValueError(
            "`OpenSmileSVM` needs the package opensmile. Received: an installation "
            "without it. Run: pip install 'keras_ser[opensmile]' (its licence "
            "excludes commercial use: docs/dependencies.md)."
        ) from error


@dataclasses.dataclass(frozen=True)
class OpenSmile:
    """openSMILE's functionals of an utterance: a front-end that gives one frame.

    openSMILE 2.6 crashes in a process that loaded TensorFlow before it (measured,
    Linux); there, a process of its own computes the functionals.

    Args:
        features: key of `FEATURE_SETS`.
        version: of the package opensmile, so that a cache knows who wrote it.

    Reference: Eyben et al., "openSMILE", ACM Multimedia 2010; eGeMAPS: Eyben et al.
    2016; ComParE: Schuller et al. 2016.
    """

    dtype: ClassVar[str] = "<f4"  # of a cache's entries
    features: str = "eGeMAPSv02"
    version: str = dataclasses.field(default_factory=installed_opensmile)

    @property
    def bands(self) -> int:
        """The number of functionals."""
        return FEATURE_SETS[self.features]

    def __call__(self, wave: np.ndarray) -> np.ndarray:
        """Functionals of a waveform at 16 kHz, float32 `(1, bands)`."""
        if "tensorflow" in sys.modules:
            values = _other_process().submit(functionals, self.features, wave).result()
        else:
            values = functionals(self.features, wave)
        if not np.isfinite(values).all():
            raise ValueError(
                f"openSMILE's {self.features} must be finite for every utterance. "
                f"Received: {np.sum(~np.isfinite(values))} of {self.bands} that are "
                f"not, of {len(wave) / audio.RATE:.3f} s of audio. Leave out what is "
                "shorter than 0.06 s."
            )
        return values


class OpenSmileSVM:
    """A support vector machine on openSMILE's functionals: the classical row.

    C-SVC with the kernel exp(−γ |x − x'|²), γ = 1 / (dimensions · variance), which
    is scikit-learn's `gamma="scale"`, classes weighed inversely to their frequency,
    one machine a pair of classes. Nothing in it is random and nothing is selected.

    An SVM with fixed settings has no use for development speakers. It trains on
    the training speakers all the same, and on no others, so that all systems of a
    table see the same speech; published figures train on everybody but the test
    speaker, which is `train_on_dev=True`.

    Args:
        features: `"eGeMAPSv02"` (88 functionals) or `"ComParE_2016"` (6373).
        C: penalty of a training error.
        train_on_dev: whether the development speakers train too.
    """

    def __init__(
        self, features: str = "eGeMAPSv02", C: float = 1.0, train_on_dev: bool = False
    ):
        if features not in FEATURE_SETS:
            raise ValueError(
                f"`features` must be one of {sorted(FEATURE_SETS)}. "
                f"Received: {features!r}."
            )
        if not C > 0:
            raise ValueError(f"`C` must be above 0. Received: {C!r}.")
        self.features = features
        self.C = C
        self.train_on_dev = train_on_dev

    def store(self, config: Experiment, cache) -> FeatureStore:
        """The store of the functionals."""
        return FeatureStore(Path(cache) / "functionals", OpenSmile(self.features))

    def vectors(self, table: pd.DataFrame, store: FeatureStore) -> np.ndarray:
        """Functionals of each utterance, float64 `(utterances, dimensions)`."""
        entries = [store.read(path) for path in store.paths(table)]
        return np.concatenate(entries).astype(np.float64)

    def estimator(self):
        """An unfitted classifier of scikit-learn."""
        from sklearn.svm import SVC

        return SVC(
            C=self.C,
            kernel="rbf",
            gamma="scale",
            class_weight="balanced",
            decision_function_shape="ovr",
            break_ties=True,  # predict is then the largest decision value
        )

    def posteriors(self, fitted, vectors: np.ndarray) -> np.ndarray:
        """Softmax of the one-versus-rest decision values, `(utterances, classes)`.

        Scores that rank, not probabilities: nothing calibrates them. The largest
        of a row is `SVC.predict`.
        """
        values = fitted.decision_function(vectors)
        if values.ndim == 1:  # two classes: positive for the second
            values = np.stack([-values, values], axis=1)
        scores = np.exp(values - values.max(axis=1, keepdims=True))
        return scores / scores.sum(axis=1, keepdims=True)


CLASSICAL = {
    "LengthProbe": LengthProbe,
    "MeanLogMelProbe": MeanLogMelProbe,
    "OpenSmileSVM": OpenSmileSVM,
}


def runs(job: Job) -> bool:
    """Whether a job's system is one of `CLASSICAL`."""
    return job.config.systems[job.system].model in CLASSICAL


def of(job: Job):
    """The classical system of a job."""
    system = job.config.systems[job.system]
    return CLASSICAL[system.model](**system.arguments)


def needed(jobs: Iterable[Job], cache) -> Iterator[tuple[FeatureStore, pd.DataFrame]]:
    """The stores that jobs read, each with the utterances that are read from it."""
    by_system = {}
    for job in jobs:
        by_system.setdefault(job.system, []).append(job)
    for of_system in by_system.values():
        system = of(of_system[0])
        store = system.store(of_system[0].config, cache)
        if store is not None:
            tests = [table for job in of_system for table in job.fold.tests.values()]
            train = [_training(job.fold, system) for job in of_system]
            learning = of_system[0].training_store(store)
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
    system, fold = of(job), job.fold
    store = system.store(job.config, cache)
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


def _filled(store: FeatureStore | None, table: pd.DataFrame) -> FeatureStore | None:
    """The store, where a system has one, with what it lacks of a table."""
    if store is not None:
        store.prepare(table, [PLAIN], progress=False)
    return store


class Scaling:
    """Zero mean and unit variance of every dimension.

    Args:
        normalise: `"train"`: mean and deviation of the training utterances.
            `"speaker"`: those of the utterances of the same speaker, a test
            speaker's unlabelled ones included (transductive).
        training: vectors of the training utterances, `(utterances, dimensions)`.
    """

    def __init__(self, normalise: str, training: np.ndarray):
        from sklearn.preprocessing import StandardScaler

        if normalise not in NORMALISATIONS:
            raise ValueError(
                f"`normalise` must be one of {NORMALISATIONS}. Received: {normalise!r}."
            )
        self.normalise = normalise
        self._scaler = StandardScaler().fit(training)

    def __call__(self, vectors: np.ndarray, speakers: Iterable[str]) -> np.ndarray:
        """Normalised vectors; `speakers` names the speaker of each."""
        if self.normalise == "train":
            return self._scaler.transform(vectors)
        from sklearn.base import clone

        result = np.empty_like(vectors)
        for places in (
            pd.Series(list(speakers)).groupby(list(speakers)).indices.values()
        ):
            result[places] = clone(self._scaler).fit_transform(vectors[places])
        return result


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


def functionals(features: str, wave: np.ndarray) -> np.ndarray:
    """openSMILE's values in this process, float32 `(1, bands)`; NaN if too short."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Segment too short")
        frame = _extractor(features).process_signal(wave, audio.RATE)
    return frame.to_numpy(dtype=np.float32)


@functools.cache
def _other_process():
    from joblib.externals import loky

    return loky.ProcessPoolExecutor(max_workers=1)


@functools.cache
def _extractor(features: str):
    """openSMILE, set up once a process."""
    import opensmile

    return opensmile.Smile(
        feature_set=opensmile.FeatureSet[features],
        feature_level=opensmile.FeatureLevel.Functionals,
    )
