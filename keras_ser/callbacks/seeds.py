"""Seeds of all random layers, set at the start of each epoch."""

import hashlib

import keras
import numpy as np


class ReseedEachEpoch(keras.callbacks.Callback):
    """Sets the state of every seed generator from the seed, the epoch and its index.

    At the start of an epoch, the state of generator number `index` is the 8-byte
    BLAKE2b hash of the text `"{seed} {epoch} {index}"`, read as two 32-bit integers.

    Dropout then depends on seed and epoch alone, not on what happened before: an
    interrupted run that resumes draws the same masks as an uninterrupted one.

    Args:
        seed: Integer, the seed of the training.
    """

    def __init__(self, seed: int):
        super().__init__()
        self.seed = seed

    def on_epoch_begin(self, epoch, logs=None):
        for index, generator in enumerate(seed_generators(self.model)):
            generator.state.assign(state_of(self.seed, epoch, index))


def state_of(seed: int, epoch: int, index: int) -> np.ndarray:
    """The state of a seed generator in an epoch, uint32 `(2,)`."""
    identity = f"{seed} {epoch} {index}".encode()
    digest = hashlib.blake2b(identity, digest_size=8).digest()
    return np.frombuffer(digest, dtype="<u4")


def seed_generators(model: keras.Model) -> list[keras.random.SeedGenerator]:
    """The seed generators of all layers, in a fixed order, each listed once."""
    layers = model._flatten_layers(include_self=True, recursive=True)
    found = []
    for layer in layers:
        # Keras tracks those in lists and dictionaries, too.
        for value in [*vars(layer).values(), *layer._seed_generators]:
            if isinstance(value, keras.random.SeedGenerator) and value not in found:
                found.append(value)
    return found
