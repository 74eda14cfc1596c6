"""Scores of the augmentation head and of a speed probe on development speech."""

import functools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd

from keras_ser import audio
from keras_ser.classical.probes import moments_over_time
from keras_ser.features import IDENTITY, FeatureStore
from keras_ser.protocols import Fold
from keras_ser.tasks import AugmentationType


def speed_shortcut(
    store: FeatureStore, fold: Fold, factors: Iterable[float]
) -> dict[str, float]:
    """Returns how well a linear probe recognises each speed, without using speech.

    The resampler of the speed perturbation leaves a mark on the mean spectrum. A
    logistic regression on the means of the bands is trained on the training speakers
    and scored on the development speakers. The augmentation head can reach the same
    accuracy without having learned anything about speech. Chance is 0.5.

    Args:
        store: The feature store. Missing entries are extracted.
        fold: The fold whose training and development utterances are used, each of
            them unaugmented and at the changed speed.
        factors: The speed factors.

    Returns:
        The accuracy in [0, 1] by factor, `{"0.9": …, "1.1": …}`.
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


def score_augmentation_head(
    model: Any,
    data: Any,
    recalls: Callable | None = None,
    shortcut: dict[str, float] | None = None,
) -> dict[str, Any]:
    """Scores a trained head that recognises augmentations, and a probe next to it.

    Args:
        model: A trained model.
        data: The `Pipeline` of its training.
        recalls: A function from the name of the head and the types to the recall of
            each type. By default, the head is applied without the others.
        shortcut: The result of `speed_shortcut`, which depends on the fold and not on
            the model. If it is empty, it is filled with the result.

    Returns:
        A dictionary that is empty for a model without such a head or without speed
        perturbation, and otherwise has three entries. `augmentation_types` lists
        the K types that occur in training: all types, or all but `none` if every
        training row is augmented. `augmentation_accuracy` is the unweighted average
        recall (UAR) of the head over these types, in [0, 1],

            1 / K Σ_k (rows of type k that the head calls k) / (rows of type k)

        with one row per variant of each development utterance, where the partners
        of mixup are development utterances too. Chance level, which is also the
        score of a head that always predicts the same type, is 1 / K. `speed_probe`
        is the result of `speed_shortcut`.
    """
    speeds = [each for each in data.augment if each.name == "speed"]
    heads = [task.name for task in model.tasks if isinstance(task, AugmentationType)]
    if not speeds or not heads:
        return {}
    types = list(data.trained_types)
    recalls = recalls or functools.partial(_recalls, model, data)
    shortcut = {} if shortcut is None else shortcut
    if not shortcut:
        shortcut |= speed_shortcut(data.store, data.fold, speeds[0].factors)
    return {
        "augmentation_accuracy": float(np.mean(recalls(heads[0], types))),
        "augmentation_types": types,
        "speed_probe": dict(shortcut),
    }


def _recalls(model, data, head: str, types: Iterable[str]) -> list[float]:
    """Returns the share of the rows of each type that the head calls by that type."""
    network, batches = model.head_model(head), data.augmented(data.fold.dev, types)
    outputs = [
        np.array(network.predict_on_batch(features))
        for features, *_ in batches.as_numpy_iterator()
    ]
    return data.type_recalls(np.concatenate(outputs), data.fold.dev, types)


def _original_and(factor: float, store: FeatureStore, table: pd.DataFrame) -> tuple:
    """Returns the means of the bands, and 1 for rows at the changed speed, else 0."""
    transforms = (IDENTITY, audio.Speed(factor))
    store.prepare(table, transforms, progress=False)
    dimensions = store.front_end.dimensions
    moments = [moments_over_time(store, table, each) for each in transforms]
    means = [each[:, :dimensions] for each in moments]  # the rest are deviations
    return np.concatenate(means), np.repeat([0, 1], len(table))
