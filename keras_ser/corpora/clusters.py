"""Label sets whose classes are clusters of activation and valence."""

import dataclasses

import numpy as np
import pandas as pd

from keras_ser.corpora.rated import RatedLabelSet, is_rated

AXES = ("activation", "valence")
DECIMALS = 6  # of a centroid, so that a record of it gives the same classes
FITS = ("train", "all")
MAX_COUNT = 99


@dataclasses.dataclass(frozen=True)
class Clusters(RatedLabelSet):
    """A label set of clusters in the plane of activation and valence.

    k-means finds the centroids c₁, …, c_K that minimise

        Σₙ minₖ ‖rₙ − cₖ‖²

    over the ratings rₙ = (activation, valence). An utterance belongs to its nearest
    centroid. The centroids are sorted by valence, then by activation, so that
    `cluster_1` has the lowest valence.

    Args:
        count: The number of clusters, K.
        fit_on: What the centroids come from: `"train"`, the labelled training
            utterances of each fold, so that classes do not depend on the tests, or
            `"all"`, all labelled utterances of the fold's corpora, as in the paper.
        seed: The seed of the starts.
        starts: The number of starts. The best result counts.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> Clusters(3).classes_of(read("iemocap", "/data/iemocap")).unique()
    array(['cluster_2', 'cluster_1', 'cluster_3'], dtype=object)

    Reference:
        Rana et al., "Multi-task semi-supervised adversarial autoencoding for speech
        emotion recognition", Section IV-D.
    """

    count: int
    fit_on: str = "train"
    seed: int = 0
    starts: int = 10
    kind: str = dataclasses.field(default="clusters", init=False, repr=False)

    def __post_init__(self):
        whole = [self.count, self.seed, self.starts]
        right = all(type(value) is int for value in whole)
        right = right and 2 <= self.count <= MAX_COUNT and self.seed >= 0
        if not right or self.starts < 1 or self.fit_on not in FITS:
            raise ValueError(
                f"Clusters need a `count` from 2 to {MAX_COUNT}, `fit_on` among "
                f"{FITS}, `seed` of 0 or more and `starts` of 1 or more. Received: "
                f"count={self.count!r}, fit_on={self.fit_on!r}, seed={self.seed!r}, "
                f"starts={self.starts!r}. Correct the invalid argument."
            )

    @property
    def varies_by_fold(self) -> bool:
        """Whether each fold has centroids of its own, so that no score pools folds."""
        return self.fit_on == "train"

    @property
    def ratings(self) -> tuple[str, ...]:
        """The columns that it needs."""
        return AXES

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the clusters, in the order of the centroids."""
        digits = len(str(self.count))
        return tuple(f"cluster_{k:0{digits}d}" for k in range(1, self.count + 1))

    def classes_of(self, table: pd.DataFrame) -> pd.Series:
        """The cluster of each utterance, with centroids of the table itself.

        Args:
            table: A table. The class of an utterance without both ratings is empty.

        Raises:
            ValueError: As `fit`.
        """
        return self.assign(table, self.fit(table))

    def fit(self, table: pd.DataFrame) -> np.ndarray:
        """The centroids of the ratings of a table.

        Args:
            table: A table. Utterances without both ratings do not count.

        Returns:
            Activation and valence of each centroid, `(count, 2)`, in their order.

        Raises:
            ValueError: If there are fewer different ratings than clusters.
        """
        from sklearn.cluster import KMeans

        points = table.loc[is_rated(table, AXES), list(AXES)].to_numpy()
        points = points[np.lexsort(points.T)]  # rows in any order give the same
        different = len(np.unique(points, axis=0))
        if different < self.count:
            raise ValueError(
                f"{self.count} clusters need as many different pairs of activation and "
                f"valence. Received: {different}, in {len(points)} of {len(table)} "
                "utterances with both ratings. Choose fewer clusters, or a corpus with "
                "ratings, such as iemocap or msp_improv."
            )
        means = KMeans(self.count, n_init=self.starts, random_state=self.seed)
        centroids = means.fit(points).cluster_centers_.round(DECIMALS)
        return centroids[np.lexsort(centroids.T)]  # the last column, valence, is first

    def assign(self, table: pd.DataFrame, centroids: np.ndarray) -> pd.Series:
        """The class of each utterance: its nearest centroid.

        Args:
            table: A table. The class of an utterance without both ratings is empty.
            centroids: From `fit`, maybe of another table.
        """
        found = pd.Series("", index=table.index, dtype=object)
        rated = is_rated(table, AXES)
        points = table.loc[rated, list(AXES)].to_numpy()
        offsets = points[:, None] - centroids[None]  # (rows, count, 2)
        nearest = (offsets**2).sum(axis=-1).argmin(axis=1)
        found[rated] = np.array(self.names, object)[nearest]
        return found

    def record(self, centroids: np.ndarray) -> dict[str, dict[str, float]]:
        """The centroids as JSON: activation and valence by the name of the cluster.

        Args:
            centroids: From `fit`.
        """
        pairs = zip(self.names, centroids.tolist(), strict=True)
        return {name: dict(zip(AXES, each, strict=True)) for name, each in pairs}

    def centroids_of(self, record: dict[str, dict[str, float]]) -> np.ndarray:
        """The inverse of `record`.

        Args:
            record: A record of centroids, from a run's `metrics.json`.

        Raises:
            ValueError: If it is not such a record.
        """
        try:
            return np.array([[record[n][axis] for axis in AXES] for n in self.names])
        except (KeyError, TypeError) as error:
            raise ValueError(
                f"A record of centroids must hold {list(AXES)} of {list(self.names)}. "
                f"Received: {str(record)[:80]}. Run the experiment again."
            ) from error
