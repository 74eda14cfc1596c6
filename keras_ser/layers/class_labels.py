"""Labels of classes in the two forms in which Keras users have them."""

from keras import ops

MIN_HARD_LABEL = 1.0 - 1e-6  # largest entry of a label that counts as hard


def one_hot(labels, classes: int):
    """Returns labels as one vector per row.

    Args:
        labels: One-hot or soft labels, `(batch, classes)`, or numbers of classes from
            0, `(batch,)` or `(batch, 1)`. Numbers below 0 stand for no label.
        classes: The number of classes, at least 2.

    Returns:
        Float tensor `(batch, classes)`: the labels as they are, or ones at the numbers.
        A row without a label is 0. A number that is not a class gives NaN, so that a
        loss shows it.

    Example:

    >>> one_hot([1, -1], 2)
    [[0.0, 1.0], [0.0, 0.0]]
    """
    labels = ops.convert_to_tensor(labels)
    if are_numbers(labels, classes):
        numbers = ops.reshape(labels, (-1,))
        known = ops.minimum(ops.cast(numbers, "int32"), classes - 1)
        vectors = ops.one_hot(known, classes, dtype="float32")
        return ops.where((numbers >= classes)[:, None], float("nan"), vectors)
    return labels


def are_numbers(labels, classes: int) -> bool:
    """Whether labels are numbers of classes, rather than one vector per row."""
    shape = labels.shape
    return len(shape) == 1 or (len(shape) == 2 and shape[1] == 1 and classes > 1)


def counted(labels, classes: int, weights=None):
    """Returns the weight of each row: 0 where a number says that there is no label.

    Args:
        labels: As for `one_hot`.
        classes: The number of classes.
        weights: The sample weights, `(batch,)`; None stands for all ones.

    Returns:
        float32 tensor `(batch,)` for numbers of classes; otherwise `weights`.
    """
    labels = ops.convert_to_tensor(labels)
    if not are_numbers(labels, classes):
        return weights
    known = ops.cast(ops.reshape(labels, (-1,)) >= 0, "float32")
    if weights is None:
        return known
    return known * ops.reshape(ops.cast(weights, "float32"), (-1,))
