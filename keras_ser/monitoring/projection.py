"""Embeddings in two dimensions, and as files of TensorBoard's projector."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from keras_ser.tasks import Task
from keras_ser.utils import files

MAX_PERPLEXITY = 30.0  # of t-SNE; fewer points need a lower one
ATTRIBUTES = ("emotion", "corpus", "speaker", "gender", "language")  # columns
PROJECTOR = """embeddings {
  tensor_name: "embeddings of development speech"
  tensor_path: "tensors.tsv"
  metadata_path: "metadata.tsv"
}
"""


def project_points(points: np.ndarray) -> np.ndarray:
    """Projects points to two dimensions by t-SNE, with a fixed seed.

    Args:
        points: Array `(points, features)`.

    Returns:
        Array `(points, 2)`. It is 0 everywhere if all points are the same.

    Reference:
        van der Maaten and Hinton, "Visualizing data using t-SNE", Journal of Machine
        Learning Research 9, 2008.
    """
    import threadpoolctl
    from sklearn.manifold import TSNE

    points = np.asarray(points, np.float64)
    if not np.ptp(points, axis=0).any():
        return np.zeros((len(points), 2))  # scikit-learn would crash on them
    perplexity = min(MAX_PERPLEXITY, (len(points) - 1) / 3)
    tsne = TSNE(init="pca", perplexity=perplexity, random_state=0)
    # Its threads wait for each other if other processes keep the cores busy.
    with threadpoolctl.threadpool_limits(1):
        return tsne.fit_transform((points - points.mean(axis=0)) / points.std())


def describe_points(table: pd.DataFrame, tasks: Iterable[Task]) -> pd.DataFrame:
    """What the projector shows of utterances, and can colour them by.

    Args:
        table: Utterances.
        tasks: The tasks of a model, main task first.

    Returns:
        The columns that the tasks learn, and those of `ATTRIBUTES` and `utterance` that
        the table has, each once. The first is that of the main task.
    """
    learned = [task.table_column for task in tasks]
    names = dict.fromkeys([*filter(None, learned), *ATTRIBUTES, "utterance"])
    return table[[name for name in names if name in table]]


def write_projector(folder: Path, points: np.ndarray, metadata: pd.DataFrame) -> None:
    """Writes the files that TensorBoard's projector reads.

    Args:
        folder: Folder of the event files.
        points: Array `(points, features)`.
        metadata: One row per point, with the texts that the projector shows.
    """
    vectors = pd.DataFrame(points)
    tables = {
        "tensors.tsv": vectors.to_csv(sep="\t", index=False, header=False),
        "metadata.tsv": metadata.to_csv(sep="\t", index=False),
        "projector_config.pbtxt": PROJECTOR,
    }
    for name, text in tables.items():
        with files.replacing(folder / name) as temporary:
            temporary.write_text(text, encoding="utf-8")
