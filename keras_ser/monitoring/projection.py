"""Embeddings in two dimensions, and as files of TensorBoard's projector."""

import json
import math
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from keras_ser.figures.style import COLOURS
from keras_ser.tasks import Task
from keras_ser.utils import files

MAX_PERPLEXITY = 30.0  # of t-SNE; fewer points need a lower one
ATTRIBUTES = ("emotion", "corpus", "speaker", "gender", "language")  # columns
# The first by name opens. "Color by" would tint its discs, so the second has none.
PROJECTOR = """embeddings {{
  tensor_name: {name}
  tensor_path: "tensors.tsv"
  metadata_path: "metadata.tsv"
  sprite {{
    image_path: "sprites.png"
    single_image_dim: {side}
    single_image_dim: {side}
  }}
}}
embeddings {{
  tensor_name: "embeddings of development speech"
  tensor_path: "tensors.tsv"
  metadata_path: "metadata.tsv"
}}
"""
SPRITE = 32  # pixels


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

    Each point is a disc in the colour of its value in the first column. TensorBoard
    colours points by itself only after a choice.

    Args:
        folder: Folder of the event files.
        points: Array `(points, features)`.
        metadata: One row per point, with the texts that the projector shows.
    """
    from matplotlib import image

    vectors = pd.DataFrame(points)
    tables = {
        "tensors.tsv": vectors.to_csv(sep="\t", index=False, header=False),
        "metadata.tsv": metadata.to_csv(sep="\t", index=False),
        "projector_config.pbtxt": PROJECTOR.format(
            name=json.dumps(f"embeddings in colours of {metadata.columns[0]}"),
            side=SPRITE,
        ),
    }
    for name, text in tables.items():
        with files.replacing(folder / name) as temporary:
            temporary.write_text(text, encoding="utf-8")
    with files.replacing(folder / "sprites.png") as temporary:
        image.imsave(temporary, draw_sprites(metadata.iloc[:, 0]), format="png")


def draw_sprites(values: pd.Series) -> np.ndarray:
    """Draws a disc per value, in rows from left to right, as the projector reads them.

    Args:
        values: Names, whose colours are those of the figures in alphabetical order, or
            numbers, whose colours rise from dark to light.

    Returns:
        Square picture `(pixels, pixels, 4)` in [0, 1], transparent around the discs.
    """
    count = math.ceil(math.sqrt(len(values)))
    place = np.arange(SPRITE) - (SPRITE - 1) / 2
    disc = np.clip(SPRITE / 2 - np.hypot(place, place[:, None]), 0, 1)
    colours = np.zeros((count**2, 4))
    colours[: len(values)] = _colours(values)
    cells = colours[:, None, None] * np.ones((SPRITE, SPRITE, 1))
    cells[..., 3] *= disc
    cells = cells.reshape(count, count, SPRITE, SPRITE, 4)
    return cells.transpose(0, 2, 1, 3, 4).reshape(count * SPRITE, count * SPRITE, 4)


def _colours(values: pd.Series) -> np.ndarray:
    from matplotlib import colormaps, colors

    if pd.api.types.is_numeric_dtype(values):
        numbers = values.to_numpy(float)
        least, most = np.nanmin(numbers), np.nanmax(numbers)
        shades = colormaps["viridis"].with_extremes(bad=COLOURS[-2])  # of no number
        return shades((numbers - least) / (most - least or 1.0))
    numbers, _ = pd.factorize(values, sort=True)
    return np.array(
        [colors.to_rgba(COLOURS[number % len(COLOURS)]) for number in numbers]
    )
