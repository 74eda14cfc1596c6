"""Label sets: from a corpus's emotions to the classes of an experiment."""

import warnings
from collections.abc import Mapping

import pandas as pd

from keras_ser.corpora.table import classes

# A label set maps a corpus's emotions to the classes of an experiment; what is
# not named is left out, and the reader is told how many utterances that were.
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
    """The rows of a label set, under its class names.

    Args:
        table: a table.
        labels: `"all"`, a name in `LABEL_SETS`, or a mapping from emotion to
            class. Emotions that it does not name are left out, and so are the rows
            of a labelled corpus that have no label; a corpus without any label
            stays as it is. A warning says what became of each emotion.
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
            f"Received emotions: {list(classes(table))}."
        )
    _say_mapping(table, keep, labels, mapping)
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


def _say_mapping(table, keep, labels, mapping) -> None:
    """Warns of what a label set merges, renames and leaves out."""
    sources = {}
    for emotion in classes(table[keep]):
        sources.setdefault(mapping[emotion], []).append(emotion)
    if keep.all() and all(found == [name] for name, found in sources.items()):
        return
    named = ", ".join(_arrow(*item) for item in sorted(sources.items()))
    text = f"Label set {_name(labels)}: {named}"
    if not keep.all():
        left = table.emotion[~keep].value_counts().sort_index()
        counted = ", ".join(f"{n or 'unlabelled'} {count}" for n, count in left.items())
        text += f"; leaves out {(~keep).sum()} of {len(table)} utterances: {counted}"
    warnings.warn(f"{text}.", stacklevel=3)


def _arrow(name: str, emotions: list[str]) -> str:
    return name if emotions == [name] else f"{name} ← {' + '.join(emotions)}"


def _name(labels) -> str:
    return repr(labels) if isinstance(labels, str) else "of your own"
