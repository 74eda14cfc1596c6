"""What single units, such as speakers, add to a UAR or to a difference between two."""

import numpy as np
from numpy.typing import ArrayLike

from keras_ser.scores.clusters import index_units
from keras_ser.scores.labels import encode, encode_pair


def contributions(
    truth: ArrayLike, first: ArrayLike, second: ArrayLike, unit: ArrayLike
) -> np.ndarray:
    """Split the difference between two systems' pooled UARs into one part per unit.

    The unweighted average recall (UAR) of pooled utterances is a sum over units, such
    as speakers:

        UAR₁ − UAR₂ = Σ_u d_u,   d_u = (1 / K) Σ_k (c¹_uk − c²_uk) / n_k

    `c¹_uk` and `c²_uk` are the numbers of utterances of class k and unit u that each
    system recognised, `n_k` is the number of utterances of class k in all units, and K
    is the number of classes that occur. Swapping the two systems' predictions of one
    unit changes the sign of its `d_u` and nothing else. `sign_flip_test` of the
    contributions therefore tests the difference between the pooled UARs.

    Args:
        truth: True labels, strings or integers, shape `(utterances,)`.
        first: Predicted labels of one system, of the same shape.
        second: Predicted labels of the other system for the same utterances.
        unit: Names of the units of the same shape, strings or integers.

    Returns:
        Contributions `(units,)`, in the order of `np.unique(unit)`. They add up to
        `uar(truth, first) - uar(truth, second)`.

    Raises:
        ValueError: Under the same conditions as `uar`, or if a unit is missing.

    Example:

    >>> truth, unit = ["a", "b", "a", "b"], ["s1", "s1", "s2", "s2"]
    >>> contributions(truth, truth, ["a", "a", "b", "a"], unit)
    array([0.25, 0.5 ])
    """
    true, one, other, _ = encode_pair(truth, first, second)
    index = index_units(unit, len(true), "unit", least=1)
    gain = hits(true, one) - hits(true, other)
    size = np.bincount(true)
    parts = gain / size[true] / np.count_nonzero(size)
    return np.bincount(index, weights=parts)


def confined_classes(truth: ArrayLike, unit: ArrayLike) -> list:
    """The classes that occur in a single unit only.

    Nothing shows how much the recall of such a class varies between units, so that
    there is no t interval of the unweighted average recall (UAR); see `t_interval`.

    Args:
        truth: True labels, strings or integers, shape `(utterances,)`.
        unit: Names of the units of the same shape, strings or integers.

    Returns:
        The classes, sorted as text.

    Raises:
        ValueError: If the arrays are empty or differ in length, or if a label or a
            unit is missing.

    Example:

    >>> confined_classes(["a", "b", "a", "c"], ["s1", "s1", "s2", "s2"])
    ['b', 'c']
    """
    true, _, classes = encode(truth, truth)
    index = index_units(unit, len(true), "unit", least=1)
    return [classes[number] for number in np.flatnonzero(in_one_group(true, index))]


def in_one_group(truth: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Whether all rows of a class are in the same group, `(classes,)`.

    Args:
        truth: Indices of the true classes, `(rows,)`.
        group: The number of each row's group, from 0, `(rows,)`.
    """
    classes = int(truth.max()) + 1
    pairs = np.unique(group * classes + truth)
    return np.bincount(pairs % classes, minlength=classes) == 1


def hits(truth: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """1 where the prediction is right, and 0 elsewhere."""
    return (truth == prediction).astype(float)


def mean_recall(truth: np.ndarray, gain: np.ndarray) -> float:
    """The UAR, or a difference between two: the mean over classes of their mean gains.

    Args:
        truth: Indices of the true classes, `(rows,)`.
        gain: 1 for a hit and 0 for a miss, or a difference of the two, `(rows,)`.
    """
    size, total = np.bincount(truth), np.bincount(truth, weights=gain)
    return float(np.mean(total[size > 0] / size[size > 0]))


def recall_changes(
    truth: np.ndarray, gain: np.ndarray, group: np.ndarray
) -> np.ndarray:
    """How much each group changes the mean recall, `(groups,)`.

        e_u = (1 / K) Σ_k (g_uk − R_k n_uk) / (n_k − n_uk)

    `g_uk` is the sum of the gains of group u in class k, and `R_k` the mean gain of
    class k. Each term is `R_k` minus the mean gain without the group, and 0 if no
    other group has the class, which says nothing about how much its recall varies;
    see `in_one_group`.

    Args:
        truth: Indices of the true classes, `(rows,)`.
        gain: As in `mean_recall`.
        group: The number of each row's group, from 0, `(rows,)`.
    """
    shape = int(group.max()) + 1, int(truth.max()) + 1
    cell = group * shape[1] + truth
    size = np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape)
    total = np.bincount(cell, gain, minlength=shape[0] * shape[1]).reshape(shape)
    rows = size.sum(axis=0)
    excess = total - total.sum(axis=0) / np.maximum(rows, 1) * size
    others = rows - size
    terms = np.where(others > 0, excess / np.maximum(others, 1), 0)
    return terms.sum(axis=1) / np.count_nonzero(rows)
