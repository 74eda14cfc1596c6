"""Heads: from the encoder's sequence to the output of a task.

Outputs are float32 under any precision policy, because a half-precision softmax loses
small probabilities.
"""

import random

import keras

from keras_ser import layers


def dense(units: int, name: str) -> keras.layers.Dense:
    """Dense layer with ReLU: `(batch, units)`."""
    return keras.layers.Dense(units, activation="relu", name=name)


def classifier(classes: int, name: str) -> keras.layers.Dense:
    """Softmax layer: float32 `(batch, classes)`."""
    return keras.layers.Dense(classes, activation="softmax", dtype="float32", name=name)


def dropout(rate: float, name: str) -> keras.layers.Dropout:
    """Dropout with a seed of its own.

    Keras draws the same seed by default. It is given explicitly because PyTorch would
    otherwise draw the masks from a generator of its own, which depends on neither the
    seed nor the epoch.

    Args:
        rate: Share of the values that are set to 0 in training.
        name: Name of the layer.
    """
    return keras.layers.Dropout(rate, seed=random.randint(1, 10**9), name=name)


def augmentation_layers(types: int, rate: float = 0.3) -> list[keras.layers.Layer]:
    """Layers of the augmentation head.

    The last states of a BLSTM pass through two dense layers, with dropout between
    them, and a softmax.

    Args:
        types: Number of augmentation types.
        rate: Rate of the dropout.
    """
    return [
        layers.BLSTM(256, return_sequences=False, pack=True, name="augmentation_blstm"),
        dense(128, "augmentation_dense_1"),
        dropout(rate, "augmentation_dropout"),
        dense(128, "augmentation_dense_2"),
        classifier(types, "augmentation"),
    ]


def classify_augmentation(sequence, lengths, head):
    """Applies `augmentation_layers`.

    Args:
        sequence: Tensor `(batch, time, features)`.
        lengths: Tensor `(batch,)`, the number of unpadded steps.
        head: Layers from `augmentation_layers`.

    Returns:
        Probabilities, float32 `(batch, types)`.
    """
    blstm, *feed_forward = head
    hidden = blstm(sequence, lengths)
    for layer in feed_forward:
        hidden = layer(hidden)
    return hidden
