"""Probes: how far a task goes on what says little of speech."""

import numpy as np
import pandas as pd

from keras_ser.features import PLAIN, FeatureStore


class LogisticProbe:
    """Logistic regression on a vector an utterance; a row beside the networks.

    Classes weigh inversely to their frequency, the penalty is scikit-learn's
    (`C=1`), and nothing in it is random.

    Args:
        train_on_dev: whether the development speakers train too; see
            `classical.OpenSmileSVM`.
    """

    def __init__(self, train_on_dev: bool = False):
        self.train_on_dev = train_on_dev

    def estimator(self):
        """An unfitted classifier of scikit-learn."""
        from sklearn.linear_model import LogisticRegression

        return LogisticRegression(class_weight="balanced", max_iter=5000)

    def posteriors(self, fitted, vectors: np.ndarray) -> np.ndarray:
        """Probabilities in the order of `fitted.classes_`."""
        return fitted.predict_proba(vectors)


class LengthProbe(LogisticProbe):
    """Emotion from the logarithm of an utterance's duration, and nothing else.

    What it reaches, a corpus gives away by its sentences' lengths and by how long
    its speakers take; a network that sees where the padding starts can use it too.
    """

    def front_end(self, default) -> None:
        """The front-end of `vectors`: none."""
        return None

    def vectors(self, table: pd.DataFrame, store: None) -> np.ndarray:
        """Natural logarithm of the seconds, `(utterances, 1)`."""
        return np.log(table.duration.to_numpy(dtype=float))[:, None]


class MeanLogMelProbe(LogisticProbe):
    """Emotion from mean and deviation over time of each band of the log-mel.

    All order in time is lost: what it reaches, the average spectrum carries, with
    the channel and the level.
    """

    def front_end(self, default):
        """The front-end of `vectors`: the experiment's own."""
        return default

    def vectors(self, table: pd.DataFrame, store: FeatureStore) -> np.ndarray:
        """Means, then deviations, `(utterances, 2 · bands)`."""
        return moments_over_time(store, table)


def moments_over_time(
    store: FeatureStore, table: pd.DataFrame, transform=PLAIN
) -> np.ndarray:
    """Means, then deviations of the bands, float64 `(utterances, 2 · bands)`."""
    utterances = [
        store.read(path).astype(np.float64) for path in store.paths(table, transform)
    ]
    return np.array([np.concatenate([x.mean(0), x.std(0)]) for x in utterances])
