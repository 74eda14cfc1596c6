"""Probes: how well emotions are recognised from features that say little of speech."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from keras_ser.classical.targets import check_targets
from keras_ser.features import IDENTITY, FeatureStore


class LogisticProbe:
    """Logistic regression on one vector per utterance, to compare networks with.

    Each class has a weight inversely proportional to its frequency, the penalty is
    the default of scikit-learn (`C=1`), and nothing is random.

    Args:
        train_on_dev: Whether to train on the development speakers, too; see
            `OpenSmileSVM`.
        targets: The columns of the table that it learns. A column of numbers is
            learned by ridge regression.
    """

    def __init__(
        self, train_on_dev: bool = False, targets: Iterable[str] = ("emotion",)
    ):
        self.train_on_dev = train_on_dev
        self.targets = check_targets(targets)

    def estimator(self):
        """An unfitted classifier of scikit-learn."""
        from sklearn.linear_model import LogisticRegression

        return LogisticRegression(class_weight="balanced", max_iter=5000)

    def regressor(self):
        """An unfitted regression of scikit-learn."""
        from sklearn.linear_model import Ridge

        return Ridge()

    def posteriors(self, fitted, vectors: np.ndarray) -> np.ndarray:
        """Class probabilities.

        Args:
            fitted: `estimator()` after training.
            vectors: `(utterances, dimensions)`.

        Returns:
            `(utterances, classes)`, with classes in the order of `fitted.classes_`.
        """
        return fitted.predict_proba(vectors)


class LengthProbe(LogisticProbe):
    """Emotion from the logarithm of an utterance's duration alone.

    Its score shows what a corpus reveals by the lengths of its sentences and by the
    speaking rate. A network that sees where the padding starts can use this as well.
    """

    def front_end(self, default) -> None:
        """The front-end for `vectors`: none."""
        return None

    def vectors(self, table: pd.DataFrame, store: None) -> np.ndarray:
        """The natural logarithm of the duration in seconds, `(utterances, 1)`."""
        return np.log(table.duration.to_numpy(dtype=float))[:, None]


class MeanLogMelProbe(LogisticProbe):
    """Emotion from the mean and standard deviation over time of each dimension.

    With the default front-end, the dimensions are log-mel bands.

    All order in time is lost. Its score therefore shows what the average spectrum
    reveals, including the recording channel and the level.
    """

    def front_end(self, default):
        """The front-end for `vectors`: that of the experiment."""
        return default

    def vectors(self, table: pd.DataFrame, store: FeatureStore) -> np.ndarray:
        """Means, then standard deviations, `(utterances, 2 · dimensions)`."""
        return moments_over_time(store, table)


def moments_over_time(
    store: FeatureStore, table: pd.DataFrame, transform=IDENTITY
) -> np.ndarray:
    """The mean and standard deviation over time of each dimension of the features.

    Args:
        store: Feature store that holds the features.
        table: Utterances.
        transform: Waveform transform that the features were computed under.

    Returns:
        Means, then standard deviations, float64 `(utterances, 2 · dimensions)`.
    """
    found = []
    for path in store.paths(table, transform):
        features = store.read(path).astype(np.float64)
        found.append(np.concatenate([features.mean(0), features.std(0)]))
    return np.array(found)
