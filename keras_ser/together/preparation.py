"""What several models need before they train together."""

from collections.abc import Iterable

import jax
import keras
import numpy as np

from keras_ser.backend.optimizers import build_optimizers
from keras_ser.data.assembly import Assembler
from keras_ser.data.pipeline import Pipeline

STRIDE = 8  # frames of a batch are a multiple of it


def batch_frames(pipelines: Iterable[Pipeline], model: keras.Model) -> int:
    """The frames of a batch.

    They are the window, or the longest utterance if it is shorter and the model ignores
    the padding.
    """
    longest, window = 0, 0
    for data in pipelines:
        window = data.preprocessing.window
        for table in (data.training_table, data.fold.dev):
            longest = max(longest, data.frames(table, data.transforms()).max())
    if not getattr(model, "mask_padding", True):
        return window
    return -(-min(int(longest), window) // STRIDE) * STRIDE


def build_variables(model: keras.Model, assembler: Assembler, bank) -> None:
    """Creates the variables of optimizers and metrics, without computing anything.

    Args:
        model: A compiled model.
        assembler: Makes batches for it.
        bank: A `FeatureBank`, for the shape and type of features.
    """
    build_optimizers(model)
    maker, dimensions = assembler.maker, bank.frames.shape[1]
    labels = {t.name: np.zeros((1, t.size), np.float32) for t in assembler.tasks}
    known = {name: np.zeros(1, np.float32) for name in labels}
    features = np.zeros((1, assembler.time, dimensions), np.float32)
    rows = {"features": features, "labels": labels, "known": known}
    batch = jax.eval_shape(
        lambda rows: maker.unaugmented(keras.ops, rows, np.zeros(1, np.int32)), rows
    )
    model._symbolic_build(data_batch=batch)
