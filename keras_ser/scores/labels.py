"""Arrays of labels, checked and turned into indices."""

import numpy as np

MISSING = ("", "nan", "None", "<NA>", "NaT")


def encoded(truth, prediction, classes=None):
    """Turn both label arrays into indices into the classes."""
    truth, prediction = labels_of(truth, "truth"), labels_of(prediction, "prediction")
    if len(truth) != len(prediction):
        raise ValueError(
            "`truth` and `prediction` must be equally long. Received: "
            f"{len(truth)} and {len(prediction)} labels. Pass one prediction for "
            "each true label."
        )
    if classes is None:
        classes = sorted({*truth.tolist(), *prediction.tolist()}, key=str)
    classes = np.asarray(classes).tolist()
    if len(set(classes)) != len(classes):
        raise ValueError(
            f"`classes` must name each class once. Received: {classes}. Remove the "
            "repeated name."
        )
    return (
        _index(truth, "truth", classes),
        _index(prediction, "prediction", classes),
        classes,
    )


def labels_of(values, name: str) -> np.ndarray:
    values = np.asarray(values)
    if values.ndim != 1 or values.size == 0:
        raise ValueError(
            f"`{name}` must be a non-empty array of one label an utterance. "
            f"Received: shape {values.shape}. Pass class names or indices, not "
            "one-hot rows or probabilities."
        )
    missing = np.flatnonzero(np.isin(values.astype(str), MISSING))
    if missing.size:
        raise ValueError(
            f"`{name}` must hold no missing label. Received: {missing.size} missing, "
            f"the first at row {missing[0]}. Leave unlabelled utterances out."
        )
    return values


def _index(values: np.ndarray, name: str, classes: list) -> np.ndarray:
    position = {label: index for index, label in enumerate(classes)}
    unknown = sorted(set(values.tolist()) - set(classes), key=str)
    if unknown:
        raise ValueError(
            f"`{name}` must hold only labels of `classes`, {classes}. Received: "
            f"{unknown}. Map these labels to a class or leave their utterances out."
        )
    return np.array([position[value] for value in values.tolist()])


def speakers_of(speaker, utterances: int, fewest: int = 2) -> np.ndarray:
    if speaker is None or len(speaker) != utterances:
        raise ValueError(
            f"`speaker` must name one speaker for each of the {utterances} utterances. "
            f"Received: {None if speaker is None else len(speaker)}. Pass the "
            "`speaker` column, or `cluster=None` to draw single utterances."
        )
    speaker = labels_of(speaker, "speaker").astype(str)
    names = np.unique(speaker).tolist()
    if len(names) < fewest:
        raise ValueError(
            f"A bootstrap over speakers needs at least {fewest} speakers. Received: "
            f"speakers={names}. Pool more speakers, or pass `cluster=None` to draw "
            "single utterances, which says nothing about other speakers."
        )
    return speaker
