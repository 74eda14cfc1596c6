"""Support vector machines on openSMILE's functionals: the classical row of a table."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from keras_ser.features import NORMALISATIONS, FeatureStore
from keras_ser.features.opensmile import FEATURE_SETS, OpenSmile


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

    def front_end(self, default) -> OpenSmile:
        """The front-end of `vectors`: openSMILE, whatever the experiment's is."""
        return OpenSmile(self.features)

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
