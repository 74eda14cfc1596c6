"""Embeddings in two dimensions, and as files of TensorBoard's projector."""

from pathlib import Path

import numpy as np
import pandas as pd

from keras_ser.utils import files

MAX_PERPLEXITY = 30.0  # of t-SNE; fewer points need a lower one
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
