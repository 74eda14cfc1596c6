"""Label sets, which map the emotions of a corpus to the classes of an experiment."""

import warnings
from collections.abc import Iterable, Mapping

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


def labels_by_corpus(labels: str | Mapping, corpora: Iterable[str]) -> dict:
    """The label set of each corpus.

    Args:
        labels: One label set for all corpora, as for `relabel`, or a mapping whose
            keys are exactly the names of the corpora and whose values are label sets.
        corpora: Names of labelled corpora.

    Returns:
        The label sets by corpus.

    Raises:
        ValueError: If `labels` names some of the corpora and not others, or other
            corpora than these.

    Example:

    >>> labels_by_corpus({"emodb": "four", "ravdess": "all"}, ["emodb", "ravdess"])
    {'emodb': 'four', 'ravdess': 'all'}
    """
    names = tuple(corpora)
    if not _is_by_corpus(labels, names):
        return dict.fromkeys(names, labels)
    if set(labels) != set(names):
        raise ValueError(
            "`labels` must be one label set, or a mapping with one label set for each "
            f"of the labelled corpora {list(names)}. Received: label sets for "
            f"{list(labels)}. Name each of these corpora and no other."
        )
    return {name: labels[name] for name in names}


def _is_by_corpus(labels: str | Mapping, names: tuple[str, ...]) -> bool:
    """Whether a mapping is meant to have one label set per corpus."""
    if not isinstance(labels, Mapping) or not labels:
        return False
    inner = any(isinstance(value, Mapping) for value in labels.values())
    return inner or not set(names).isdisjoint(labels)


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
