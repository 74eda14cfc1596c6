"""What a speed probe and the augmentation head reach on development speech."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from keras_ser import audio
from keras_ser.classical.probes import moments_over_time
from keras_ser.features import PLAIN, FeatureStore
from keras_ser.protocols import Fold


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


def head_and_probe(model, data) -> dict:
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
