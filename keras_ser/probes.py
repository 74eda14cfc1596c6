"""Probes: how far a task goes on what says little of speech."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from keras_ser import audio
from keras_ser.config import Experiment
from keras_ser.features import PLAIN, FeatureStore
from keras_ser.job import feature_store
from keras_ser.protocols import Fold


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

    def store(self, config: Experiment, cache) -> None:
        """The store of the features behind `vectors`: none."""
        return None

    def vectors(self, table: pd.DataFrame, store: None) -> np.ndarray:
        """Natural logarithm of the seconds, `(utterances, 1)`."""
        return np.log(table.duration.to_numpy(dtype=float))[:, None]


class MeanLogMelProbe(LogisticProbe):
    """Emotion from mean and deviation over time of each band of the log-mel.

    All order in time is lost: what it reaches, the average spectrum carries, with
    the channel and the level.
    """

    def store(self, config: Experiment, cache) -> FeatureStore:
        """The experiment's store of log-mel."""
        return feature_store(config, cache)

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


def speed_shortcut(
    store: FeatureStore, fold: Fold, factors: Iterable[float]
) -> dict[str, float]:
    """How well a linear probe tells each speed from the original, without speech.

    The resampler behind the speed perturbation leaves its mark on the average
    spectrum. What a logistic regression on the bands' means reaches, trained on
    the training and scored on the development speakers, the augmentation head can
    reach without having learnt anything of speech. Chance is 0.5.

    Args:
        store: feature store; absent entries are extracted.
        fold: whose training and development utterances are used, each plain and
            at the other speed.
        factors: speed factors.

    Returns:
        Accuracy in [0, 1] by factor, `{"0.9": …, "1.1": …}`.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    result = {}
    for factor in factors:
        probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=5000))
        probe.fit(*_original_and(factor, store, fold.train))
        result[audio.Speed(factor).key.removeprefix("speed=")] = float(
            probe.score(*_original_and(factor, store, fold.dev))
        )
    return result


def of_augmentations(model, data) -> dict:
    """What a trained augmentation head reaches, beside what a probe reaches.

    Args:
        model: a compiled, trained model.
        data: the `Pipeline` of its training.

    Returns:
        `augmentation_accuracy`, `augmentation_types` and `speed_probe`; nothing for
        a model without the head, or without speed perturbation. The first is the
        unweighted average recall of the head over the K types, the second,

            1 / K Σ_k (rows of type k that the head calls k) / (rows of type k)

        in [0, 1], with one row for each variant of each development utterance;
        partners of mixup are development utterances too. Chance, and a head that
        always gives one type, are 1 / K. The third is from `speed_shortcut`.
    """
    speeds = [each for each in data.augment if each.name == "speed"]
    if not speeds or "augmentation" not in model.heads:
        return {}
    return {
        "augmentation_accuracy": float(np.mean(_recalls(model, data))),
        "augmentation_types": list(data.types),
        "speed_probe": speed_shortcut(data.store, data.fold, speeds[0].factors),
    }


def _recalls(model, data) -> list[float]:
    """Of each type: on rows of one type alone, accuracy is its recall."""
    from keras_ser.backend.devices import short_first

    found = [
        model.evaluate(short_first(rows), return_dict=True, verbose=0)
        for rows in (data.augmented(data.fold.dev, kind) for kind in data.types)
    ]
    return [each["augmentation_accuracy"] for each in found]


def _original_and(factor: float, store: FeatureStore, table: pd.DataFrame) -> tuple:
    """Means of the bands, and 1 where at the other speed."""
    transforms = (PLAIN, audio.Speed(factor))
    store.prepare(table, transforms, progress=False)
    bands = store.front_end.bands
    means = [moments_over_time(store, table, each)[:, :bands] for each in transforms]
    return np.concatenate(means), np.repeat([0, 1], len(table))
