"""Label sets, which map the emotions of a corpus to the classes of an experiment."""

import warnings
from collections.abc import Mapping

import pandas as pd

from keras_ser.corpora.table import classes

# Utterances with an emotion that a label set does not name are left out. A warning
# counts them.
LABEL_SETS: dict[str, Mapping[str, str]] = {
    "four": {
        "anger": "anger",
        "happiness": "happiness",
        "excitement": "happiness",
        "neutral": "neutral",
        "sadness": "sadness",
    },
    "three": {
        "anger": "negative",
        "anxiety": "negative",
        "boredom": "negative",
        "cold anger": "negative",
        "contempt": "negative",
        "despair": "negative",
        "disgust": "negative",
        "fear": "negative",
        "frustration": "negative",
        "panic": "negative",
        "sadness": "negative",
        "shame": "negative",
        "calm": "neutral",
        "neutral": "neutral",
        "elation": "positive",
        "excitement": "positive",
        "happiness": "positive",
        "interest": "positive",
        "pride": "positive",
        "surprise": "positive",
    },
}


def relabel(table: pd.DataFrame, labels: str | Mapping[str, str]) -> pd.DataFrame:
    """Applies a label set to a table.

    Emotions that the label set does not name are left out. So are unlabelled rows of
    a corpus that has labels; a corpus without any label is returned unchanged. A
    warning says which emotions make up each class and how many rows are left out.

    Args:
        table: A table.
        labels: `"all"`, which changes nothing, a key of `LABEL_SETS`, or a mapping
            from emotion to class.

    Returns:
        The rows of the label set, with class names in the column `emotion`.

    Raises:
        ValueError: If the label set is unknown, or names no emotion of the table.
    """
    if labels == "all":
        return table
    mapping = labels if isinstance(labels, Mapping) else _label_set(labels)
    keep = table.emotion.isin(set(mapping) - {""})
    if (table.emotion == "").all():
        return table
    if not keep.any():
        raise ValueError(
            f"Label set {dict(mapping)} names no emotion of this corpus. "
            f"Received emotions: {list(classes(table))}. Choose another label set, or "
            "map these emotions to classes."
        )
    _warn_about_mapping(table, keep, labels, mapping)
    view = table[keep].reset_index(drop=True)
    view["emotion"] = view.emotion.map(mapping)
    return view


def _label_set(name: str) -> Mapping[str, str]:
    if not isinstance(name, str) or name not in LABEL_SETS:
        raise ValueError(
            f"`labels` must be 'all', one of {sorted(LABEL_SETS)} or a mapping. "
            f"Received: {name!r}."
        )
    return LABEL_SETS[name]


def _warn_about_mapping(table, keep, labels, mapping) -> None:
    """Warns about the emotions that a label set merges, renames and leaves out."""
    sources = {}
    for emotion in classes(table[keep]):
        sources.setdefault(mapping[emotion], []).append(emotion)
    if keep.all() and all(found == [name] for name, found in sources.items()):
        return
    named = ", ".join(_describe_class(*item) for item in sorted(sources.items()))
    text = f"{_name(labels)} has the classes {named}"
    if not keep.all():
        left = table.emotion[~keep].value_counts().sort_index()
        counted = ", ".join(f"{n or 'unlabelled'} {count}" for n, count in left.items())
        text += f". It leaves out {(~keep).sum()} of {len(table)} utterances: {counted}"
    warnings.warn(f"{text}.", stacklevel=3)


def _describe_class(name: str, emotions: list[str]) -> str:
    return name if emotions == [name] else f"{name} (from {' + '.join(emotions)})"


def _name(labels) -> str:
    return f"Label set {labels!r}" if isinstance(labels, str) else "The given label set"
