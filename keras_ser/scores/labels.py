"""Arrays of labels, checked and converted to class indices."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

MISSING = ("", "nan", "None", "<NA>", "NaT")


def encode(
    truth: ArrayLike, prediction: ArrayLike, classes: ArrayLike | None = None
) -> tuple[np.ndarray, np.ndarray, list]:
    """Convert true and predicted labels to indices into the classes.

    Args:
        truth: True labels, shape `(utterances,)`.
        prediction: Predicted labels of the same shape.
        classes: Class labels, each once; by default, all labels that occur in
            either array, sorted as text.

    Returns:
        The indices of the true labels, the indices of the predicted labels, and the
        list of classes.

    Raises:
        ValueError: If the arrays are empty or differ in length, if a label is missing
            or not among `classes`, if `classes` repeats a label, or if a label comes
            both as text and as a number.
    """
    truth, prediction = as_labels(truth, "truth"), as_labels(prediction, "prediction")
    if len(truth) != len(prediction):
        raise ValueError(
            "`truth` and `prediction` must have the same length. Received: "
            f"{len(truth)} and {len(prediction)} labels. Pass one prediction for "
            "each true label."
        )
    if classes is None:
        names = sorted({*truth.tolist(), *prediction.tolist()}, key=str)
    else:
        names = np.asarray(classes).tolist()
    if len(set(names)) != len(names):
        raise ValueError(
            f"`classes` must name each class once. Received: {names}. Remove the "
            "repeated name."
        )
    if len(set(map(str, names))) < len(names):
        raise ValueError(
            f"Labels must be of one type. Received: {names}, some of which differ only "
            "in their type. Convert the labels of both arrays to text, or to integers."
        )
    return (
        _index(truth, "truth", names),
        _index(prediction, "prediction", names),
        names,
    )


def encode_pair(
    truth: ArrayLike, first: ArrayLike, second: ArrayLike
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Class indices of the truth and both predictions, and the number of classes.

    Raises:
        ValueError: Under the same conditions as `encode`.
    """
    named = {"truth": truth, "first": first, "second": second}
    known = [as_labels(values, name).tolist() for name, values in named.items()]
    classes = sorted({label for labels in known for label in labels}, key=str)
    one, other = (encode(truth, each, classes) for each in (first, second))
    return one[0], one[1], other[1], len(classes)


def as_labels(values: ArrayLike, name: str) -> np.ndarray:
    """Convert labels to an array of shape `(utterances,)`; none may be missing."""
    array = np.asarray(values)
    if array.ndim != 1 or array.size == 0:
        raise ValueError(
            f"`{name}` must be a non-empty array with one label per utterance. "
            f"Received: shape {array.shape}. Pass class names or indices, not "
            "one-hot rows or probabilities."
        )
    missing = np.flatnonzero(np.isin(array.astype(str), MISSING))
    if missing.size:
        raise ValueError(
            f"`{name}` must contain no missing labels. Received: {missing.size} "
            f"missing, the first at row {missing[0]}. Leave out unlabelled utterances."
        )
    return array


def _index(values: np.ndarray, name: str, classes: list) -> np.ndarray:
    """Position of each label in `classes`."""
    position = {label: index for index, label in enumerate(classes)}
    unknown = sorted(set(values.tolist()) - set(classes), key=str)
    if unknown:
        raise ValueError(
            f"`{name}` must contain only labels in `classes`, {classes}. Received: "
            f"{unknown}. Map these labels to a class or leave out their utterances."
        )
    return np.array([position[value] for value in values.tolist()])


def as_speakers(speaker: Any, utterances: int, min_speakers: int = 2) -> np.ndarray:
    """Convert the speakers to an array of names, shape `(utterances,)`.

    Args:
        speaker: One speaker name per utterance.
        utterances: The expected number of names.
        min_speakers: How many different speakers are needed.

    Raises:
        ValueError: If the number of names is wrong, a name is missing, or there are
            fewer than `min_speakers` different names.
    """
    if speaker is None or len(speaker) != utterances:
        raise ValueError(
            f"`speaker` must name one speaker for each of the {utterances} utterances. "
            f"Received: {None if speaker is None else len(speaker)}. Pass the "
            "`speaker` column, or `cluster=None` to draw single utterances."
        )
    speaker = as_labels(speaker, "speaker").astype(str)
    names = np.unique(speaker).tolist()
    if len(names) < min_speakers:
        raise ValueError(
            f"A bootstrap over speakers needs at least {min_speakers} speakers. "
            f"Received: speakers={names}. Pool more speakers, or pass `cluster=None` "
            "to draw single utterances, which says nothing about other speakers."
        )
    return speaker
