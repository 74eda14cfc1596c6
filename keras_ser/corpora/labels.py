"""Label sets, which map the emotions of a corpus to the classes of an experiment."""

import warnings
from collections.abc import Iterable, Mapping

import pandas as pd

from keras_ser.corpora import mapped
from keras_ser.corpora.clusters import Clusters
from keras_ser.corpora.levels import Levels
from keras_ser.corpora.rated import KIND, RatedLabelSet
from keras_ser.corpora.table import classes

LabelSet = str | Mapping[str, str] | RatedLabelSet  # "all" or a key, or what it names
KINDS: dict[str, type[RatedLabelSet]] = {"levels": Levels, "clusters": Clusters}

# Utterances with an emotion that a label set does not name are left out, and so are
# those without the ratings that it needs. A warning counts them.
LABEL_SETS: dict[str, Mapping[str, str] | RatedLabelSet] = {
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
    "mapped_activation": mapped.ACTIVATION,
    "mapped_valence": mapped.VALENCE,
    "activation_levels": Levels("activation"),
    "valence_levels": Levels("valence", names=("negative", "neutral", "positive")),
    "clusters_3": Clusters(3),
    "clusters_5": Clusters(5),
}


def labels_by_corpus(
    labels: LabelSet | Mapping, corpora: Iterable[str]
) -> dict[str, LabelSet]:
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


def _is_by_corpus(labels: LabelSet | Mapping, names: tuple[str, ...]) -> bool:
    """Whether a mapping is meant to have one label set per corpus."""
    if not isinstance(labels, Mapping) or not labels or KIND in labels:
        return False
    kinds = Mapping | RatedLabelSet
    inner = any(isinstance(value, kinds) for value in labels.values())
    return inner or not set(names).isdisjoint(labels)


def find_label_set(labels: LabelSet) -> Mapping[str, str] | RatedLabelSet:
    """The label set that a name or a record stands for; others are returned.

    Args:
        labels: A key of `LABEL_SETS`, a mapping from emotion to class, a `Levels` or
            `Clusters`, or a mapping with the key `"kind"` and the arguments of one of
            these, as `config.json` and the command line write it.

    Raises:
        ValueError: If the label set is unknown, or if an argument is invalid.

    Example:

    >>> find_label_set({"kind": "clusters", "count": 3, "fit_on": "all"})
    Clusters(count=3, fit_on='all', seed=0, starts=10)
    """
    if isinstance(labels, Mapping) and KIND in labels:
        return _made(labels)
    if isinstance(labels, Mapping):
        _check_mapping(labels)
    if isinstance(labels, Mapping | RatedLabelSet):
        return labels
    if not isinstance(labels, str) or labels not in LABEL_SETS:
        raise ValueError(
            f"`labels` must be 'all', one of {sorted(LABEL_SETS)} or a mapping, or "
            f"`Levels` or `Clusters` of `keras_ser.corpora`. Received: {labels!r}."
        )
    return LABEL_SETS[labels]


def _check_mapping(labels: Mapping) -> None:
    """Raises ValueError unless a label set maps texts to names of classes."""
    for emotion, name in labels.items():
        is_text = isinstance(emotion, str) and isinstance(name, str)
        if not is_text or not name.strip():
            raise ValueError(
                "A label set maps emotions to names of classes, which are texts. "
                f"Received: {emotion!r}: {name!r}. Name the class. To leave out an "
                "emotion, leave it out of the mapping."
            )


def _made(record: Mapping) -> RatedLabelSet:
    kind, arguments = record[KIND], {k: v for k, v in record.items() if k != KIND}
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(
            f"The `{KIND}` of a label set must be one of {sorted(KINDS)}. Received: "
            f"{kind!r}. Name one of these."
        )
    try:
        return KINDS[kind](**arguments)
    except TypeError as error:  # an unknown or a missing argument
        known = [name for name in KINDS[kind].__dataclass_fields__ if name != KIND]
        raise ValueError(
            f"A label set of the kind {kind!r} takes {known}. Received: "
            f"{sorted(map(str, arguments))[:10]}. Correct the arguments."
        ) from error


def varies_by_fold(labels: LabelSet) -> bool:
    """Whether the classes of a label set differ from fold to fold.

    Args:
        labels: One label set, or `"all"`. It may be that of a `config.json`.

    Example:

    >>> varies_by_fold("clusters_3"), varies_by_fold("four")
    (True, False)
    """
    if isinstance(labels, str):
        found = LABEL_SETS.get(labels)
    else:
        found = find_label_set(labels)
    return isinstance(found, RatedLabelSet) and found.varies_by_fold


def relabel(table: pd.DataFrame, labels: LabelSet) -> pd.DataFrame:
    """Applies a label set to a table.

    Emotions that the label set does not name are left out. So are unlabelled rows of
    a corpus that has labels, and under a label set on ratings those without a rating.
    A corpus without any label is returned unchanged. A warning says which emotions make
    up each class, or how many utterances it has, and how many rows are left out. It
    counts no class that differs from fold to fold.

    `Clusters` get centroids of this table. An experiment replaces them by those of
    each fold; see `protocols.with_clusters`.

    Args:
        table: A table.
        labels: `"all"`, which changes nothing, a key of `LABEL_SETS`, a mapping from
            emotion to class, or `Levels` or `Clusters`; see `find_label_set`.

    Returns:
        The rows of the label set, with class names in the column `emotion`.

    Raises:
        ValueError: If the label set is unknown, if it names no emotion of the table,
            or if it needs ratings that the table lacks.
    """
    if isinstance(labels, str) and labels == "all":
        return table
    mapping = find_label_set(labels)
    if isinstance(mapping, RatedLabelSet):
        return _relabel_by_ratings(table, mapping, labels)
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


def _relabel_by_ratings(
    table: pd.DataFrame, label_set: RatedLabelSet, labels: LabelSet
) -> pd.DataFrame:
    """Applies a label set on ratings, and warns of what it leaves out."""
    ratings = list(label_set.ratings)
    if table[ratings].isna().any(axis=1).all():
        if (table.emotion == "").all() and table[ratings].isna().all(axis=None):
            return table  # such as speech without any label
        corpus, needed = table.corpus.iloc[0], " and ".join(ratings)
        raise ValueError(
            f"{_name(labels)} needs utterances with ratings of {needed}. Received: "
            f"none among the {len(table)} of corpus `{corpus}`. Choose a label set of "
            "emotions, such as 'mapped_activation' or 'mapped_valence', or a corpus "
            "with ratings, such as iemocap or msp_improv."
        )
    found = label_set.classes_of(table)
    keep = found != ""
    text = f"{_name(labels)} has the classes {_count_rated(found[keep], label_set)}"
    if not keep.all():
        lacking = label_set.lacking(table).items()
        counted = ", ".join(f"without {name} {count}" for name, count in lacking)
        text += f". It leaves out {(~keep).sum()} of {len(table)} utterances: {counted}"
    warnings.warn(f"{text}.", stacklevel=3)
    return table.assign(emotion=found)[keep].reset_index(drop=True)


def _count_rated(found: pd.Series, label_set: RatedLabelSet) -> str:
    """The classes, with their numbers of utterances unless each fold has others."""
    counts = found.value_counts().sort_index()
    if label_set.varies_by_fold:
        return f"{', '.join(counts.index)}, which are those of each fold"
    return ", ".join(f"{name} {count}" for name, count in counts.items())


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
