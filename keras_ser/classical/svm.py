"""Support vector machines, to compare networks with."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from keras_ser.classical.probes import moments_over_time
from keras_ser.classical.targets import check_targets
from keras_ser.features import FRONT_ENDS, FeatureStore
from keras_ser.features.opensmile import FEATURE_SETS, OpenSmile
from keras_ser.utils.choices import check_choice

SCALINGS = ("train", "speaker")  # the normalisations that `Scaling` knows


class _SVM:
    """Base class: a support vector machine on one vector per utterance."""

    def __init__(self, C: float, train_on_dev: bool, targets: Iterable[str]):
        if not C > 0:
            raise ValueError(f"`C` must be above 0. Received: {C!r}.")
        self.C = C
        self.train_on_dev = train_on_dev
        self.targets = check_targets(targets)

    def estimator(self):
        """An unfitted classifier of scikit-learn."""
        from sklearn.svm import SVC

        return SVC(
            C=self.C,
            kernel="rbf",
            gamma="scale",
            class_weight="balanced",
            decision_function_shape="ovr",
            break_ties=True,  # `predict` then returns the largest decision value
        )

    def regressor(self):
        """An unfitted regression of scikit-learn."""
        from sklearn.svm import SVR

        return SVR(C=self.C, kernel="rbf", gamma="scale")

    def posteriors(self, fitted, vectors: np.ndarray) -> np.ndarray:
        """The softmax of the one-versus-rest decision values.

        The values are not calibrated: they rank the classes but are no
        probabilities. The class with the largest value is that of `SVC.predict`.

        Args:
            fitted: `estimator()` after training.
            vectors: `(utterances, dimensions)`.

        Returns:
            `(utterances, classes)`, with classes in the order of `fitted.classes_`.
        """
        values = fitted.decision_function(vectors)
        if values.ndim == 1:  # two classes: positive for the second
            values = np.stack([-values, values], axis=1)
        scores = np.exp(values - values.max(axis=1, keepdims=True))
        return scores / scores.sum(axis=1, keepdims=True)


class OpenSmileSVM(_SVM):
    """A support vector machine (SVM) on openSMILE functionals.

    It is a C-SVC with the kernel

        k(x, x') = exp(−γ |x − x'|²),   γ = 1 / (dimensions · variance),

    which is `gamma="scale"` in scikit-learn. Each class has a weight inversely
    proportional to its frequency, and there is one machine per pair of classes.
    Nothing is random and nothing is selected.

    An SVM with fixed settings does not need the development speakers. By default it
    still trains on the training speakers only, so that all systems of a table see the
    same speech. Published results usually train on everybody except the test speaker,
    which is `train_on_dev=True`.

    Args:
        features: `"eGeMAPSv02"` (88 functionals) or `"ComParE_2016"` (6373).
        C: Penalty of a training error, above 0.
        train_on_dev: Whether to train on the development speakers, too.
        targets: The columns of the table that it learns, each by an SVM of its own. A
            column of numbers, such as `valence`, is learned by support vector
            regression with the same kernel and penalty.
    """

    def __init__(
        self,
        features: str = "eGeMAPSv02",
        C: float = 1.0,
        train_on_dev: bool = False,
        targets: Iterable[str] = ("emotion",),
    ):
        super().__init__(C, train_on_dev, targets)
        if features not in FEATURE_SETS:
            raise ValueError(
                f"`features` must be one of {sorted(FEATURE_SETS)}. "
                f"Received: {features!r}."
            )
        self.features = features

    def front_end(self, default) -> OpenSmile:
        """The front-end for `vectors`: openSMILE, whatever the experiment uses."""
        return OpenSmile(self.features)

    def vectors(self, table: pd.DataFrame, store: FeatureStore) -> np.ndarray:
        """The functionals of each utterance, float64 `(utterances, dimensions)`."""
        entries = [store.read(path) for path in store.paths(table)]
        return np.concatenate(entries).astype(np.float64)


class FrameSVM(_SVM):
    """A support vector machine on the mean and standard deviation of frames over time.

    It is the SVM of `OpenSmileSVM` on twice as many values as a frame of the front-end
    has, all of its layers together. On the frames of a pre-trained network, it is the
    system that a network on the same frames must beat.

    Args:
        front_end: A key of `features.FRONT_ENDS`. The default is the front-end of the
            experiment, whatever that is.
        settings: The arguments of that front-end.
        C, train_on_dev, targets: As for `OpenSmileSVM`.

    Example:

    >>> System("FrameSVM", arguments={"front_end": "SpeakerEncoder"}, augment=())
    """

    def __init__(
        self,
        front_end: str = "",
        settings: Mapping[str, Any] | None = None,
        C: float = 1.0,
        train_on_dev: bool = False,
        targets: Iterable[str] = ("emotion",),
    ):
        super().__init__(C, train_on_dev, targets)
        if front_end:
            check_choice("front_end", front_end, sorted(FRONT_ENDS))
            self._front_end = FRONT_ENDS[front_end](**(settings or {}))
        elif settings:
            raise ValueError(
                "`settings` are those of `front_end`. Received: "
                f"settings={settings!r:.200} without it. Name the front-end, or set "
                "`features.settings` of the experiment."
            )
        else:
            self._front_end = None

    def front_end(self, default):
        """The front-end for `vectors`: its own, or that of the experiment."""
        return self._front_end or default

    def vectors(self, table: pd.DataFrame, store: FeatureStore) -> np.ndarray:
        """Means, then standard deviations, `(utterances, 2 · dimensions)`."""
        return moments_over_time(store, table)


def check_scaling(normalise: str) -> None:
    """Raises ValueError if vectors cannot be normalised in this way.

    Args:
        normalise: A normalisation of features; see `features.Preprocessing`.
    """
    if normalise not in SCALINGS:
        raise ValueError(
            f"`normalise` must be one of {SCALINGS} for a classical system, which has "
            "one vector per utterance: without its own mean, nothing would be left. "
            f"Received: {normalise!r}. Choose one of these, or leave out the classical "
            "systems."
        )


class Scaling:
    """Scales every dimension to zero mean and unit variance.

    Args:
        normalise: `"train"` for the mean and standard deviation of the training
            utterances, or `"speaker"` for those of all utterances of the same
            speaker. The latter includes a test speaker's utterances, without their
            labels (transductive).
        training: Vectors of the training utterances, `(utterances, dimensions)`.

    Raises:
        ValueError: Another normalisation is asked for.
    """

    def __init__(self, normalise: str, training: np.ndarray):
        from sklearn.preprocessing import StandardScaler

        check_scaling(normalise)
        self.normalise = normalise
        self._scaler = StandardScaler().fit(training)

    def __call__(
        self,
        vectors: np.ndarray,
        speakers: Iterable[str],
        spoken: tuple[np.ndarray, Iterable[str]] | None = None,
    ) -> np.ndarray:
        """The scaled vectors.

        Args:
            vectors: `(utterances, dimensions)`.
            speakers: The speaker of each utterance.
            spoken: The vectors and the speakers of the utterances from which the
                statistics of each speaker are computed. The default is `vectors` and
                `speakers`.

        Returns:
            `(utterances, dimensions)`.
        """
        if self.normalise == "train":
            return self._scaler.transform(vectors)
        from sklearn.base import clone

        result = np.empty_like(vectors)
        names = list(speakers)
        known, owners = (vectors, names) if spoken is None else spoken
        known_rows = pd.Series(list(owners)).groupby(list(owners)).indices
        for speaker, rows in pd.Series(names).groupby(names).indices.items():
            scaler = clone(self._scaler).fit(known[known_rows[speaker]])
            result[rows] = scaler.transform(vectors[rows])
        return result
