"""Seeds of all random layers, set anew for each epoch."""

import hashlib

import keras
import numpy as np


class ReseedEachEpoch(keras.callbacks.Callback):
    """Sets every seed generator of the model from (seed, epoch, its place).

    Dropout then depends on the epoch alone, not on how training got there: a run
    that was interrupted and goes on draws the same masks.

    Args:
        seed: integer.
    """

    def __init__(self, seed: int):
        super().__init__()
        self.seed = seed

    def on_epoch_begin(self, epoch, logs=None):
        for place, generator in enumerate(_seed_generators(self.model)):
            identity = f"{self.seed} {epoch} {place}".encode()
            digest = hashlib.blake2b(identity, digest_size=8).digest()
            generator.state.assign(np.frombuffer(digest, dtype="<u4"))


def _seed_generators(model):
    """Seed generators below a model, in a fixed order, each once."""
    layers = model._flatten_layers(include_self=True, recursive=True)
    found = []
    for layer in layers:
        for value in vars(layer).values():
            if isinstance(value, keras.random.SeedGenerator) and value not in found:
                found.append(value)
    return found
