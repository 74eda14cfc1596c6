"""Classes that are clusters of ratings, with centroids of each fold."""

import dataclasses
from collections.abc import Mapping

import numpy as np
import pandas as pd

from keras_ser import corpora
from keras_ser.protocols.fold import Fold, report_unknown_classes


def with_clusters(
    folds: Mapping[str, Fold], table: pd.DataFrame, labels: Mapping
) -> dict[str, Fold]:
    """Give each fold the clusters of its own training speech as classes.

    k-means runs on the ratings of the labelled training utterances, and every
    utterance of the training, development and test sides gets the class of the nearest
    centroid. Nothing of the tests therefore decides what the classes are. With
    `fit_on="all"`, k-means runs on all labelled utterances of the corpora of the fold,
    also on those of its tests, so that folds of the same corpora share their classes.

    All systems of a fold share its classes. A system that keeps a fraction of the
    labels has the centroids of all of them.

    Args:
        folds: The folds by name, of any protocol.
        table: All labelled utterances of the experiment.
        labels: The label set of each labelled corpus, by name. With other label sets
            than `corpora.Clusters`, the folds are returned as they are.

    Returns:
        The folds by name, with the new classes in the column `emotion`, in `classes`
        and, with their centroids, in `clusters`.

    Raises:
        ValueError: If the corpora do not share their clusters, or if there are fewer
            different ratings to train on than clusters.

    Example:

    >>> table = corpora.read("iemocap", "/data/iemocap", labels="clusters_3")
    >>> folds = with_clusters(k_fold(table), table, {"iemocap": "clusters_3"})
    >>> folds["1"].classes
    ('cluster_1', 'cluster_2', 'cluster_3')
    """
    clusters = shared_clusters(labels)
    if clusters is None:
        return dict(folds)
    if clusters.fit_on == "all":
        centroids = _fit_corpora(folds, table, clusters)
    else:
        centroids = {
            name: _fit_training(fold, clusters) for name, fold in folds.items()
        }
    return {
        name: _assigned(fold, clusters, centroids[name]) for name, fold in folds.items()
    }


def _fit_training(fold: Fold, clusters: corpora.Clusters) -> np.ndarray:
    """The centroids of the training speech of a fold."""
    try:
        return clusters.fit(fold.train)
    except ValueError as error:
        error.add_note(f"This concerns the training speech of fold `{fold.name}`.")
        raise


def _fit_corpora(
    folds: Mapping[str, Fold], table: pd.DataFrame, clusters: corpora.Clusters
) -> dict[str, np.ndarray]:
    """The centroids of all labelled utterances of the corpora of each fold."""
    names = {name: _labelled_corpora(fold) for name, fold in folds.items()}
    found = {
        each: clusters.fit(table[table.corpus.isin(each)])
        for each in set(names.values())
    }
    return {name: found[each] for name, each in names.items()}


def _labelled_corpora(fold: Fold) -> frozenset[str]:
    """The names of the corpora of a fold, without those of its unlabelled speech."""
    tables = [fold.train, fold.dev, *fold.tests.values()]
    return frozenset().union(*(table.corpus for table in tables))


def shared_clusters(labels: Mapping) -> corpora.Clusters | None:
    """The clusters that all corpora have as their label set, or None without any.

    Args:
        labels: The label set of each labelled corpus, by name.

    Raises:
        ValueError: If some corpora have clusters, and others have another label set.
    """
    found = {_clusters_of(each) for each in labels.values()}
    if len(found) > 1:
        raise ValueError(
            "Corpora must share their clusters, because those of one mean nothing in "
            f"another. Received: {str(dict(labels))[:200]}. Give all of them the same "
            "ones, such as labels='clusters_3'."
        )
    return found.pop() if found else None


def _clusters_of(labels) -> corpora.Clusters | None:
    """The clusters that a label set is, or None."""
    if isinstance(labels, str) and labels not in corpora.LABEL_SETS:
        return None  # "all"
    found = corpora.find_label_set(labels)
    return found if isinstance(found, corpora.Clusters) else None


def _assigned(fold: Fold, clusters: corpora.Clusters, centroids: np.ndarray) -> Fold:
    """The fold with the classes of the nearest centroids."""

    def own(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(emotion=clusters.assign(rows, centroids))

    train = own(fold.train)
    made = dataclasses.replace(
        fold,
        train=train,
        dev=own(fold.dev),
        tests={name: own(rows) for name, rows in fold.tests.items()},
        classes=corpora.classes(train),
        clusters=clusters.record(centroids),
    )
    return report_unknown_classes(made)
