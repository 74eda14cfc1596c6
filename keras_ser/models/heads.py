"""Heads: from the encoder's sequence to the output of a task.

Outputs are float32 under any precision policy, because a half-precision softmax loses
small probabilities.
"""

import random

import keras

from keras_ser import layers, metrics


def dense(units: int, name: str) -> keras.layers.Dense:
    """Dense layer with ReLU: `(batch, units)`."""
    return keras.layers.Dense(units, activation="relu", name=name)


def classifier(classes: int, name: str) -> keras.layers.Dense:
    """Softmax layer: float32 `(batch, classes)`."""
    return keras.layers.Dense(classes, activation="softmax", dtype="float32", name=name)


def augmentation_layers(types: int, dropout: float = 0.3) -> list[keras.layers.Layer]:
    """Layers of the augmentation head.

    The last states of a BLSTM pass through two dense layers, with dropout between
    them, and a softmax.

    Args:
        types: Number of augmentation types.
        dropout: Rate of the dropout.
    """
    return [
        layers.BLSTM(256, return_sequences=False, pack=True, name="augmentation_blstm"),
        dense(128, "augmentation_dense_1"),
        # Keras draws the same seed by default. It is given explicitly because PyTorch
        # would otherwise draw the masks from a generator of its own, which depends on
        # neither the seed nor the epoch.
        keras.layers.Dropout(
            dropout, seed=random.randint(1, 10**9), name="augmentation_dropout"
        ),
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


def emotion_metrics() -> list[keras.metrics.Metric]:
    """Metrics of the emotion for a model that has no other head.

    Keras prefixes losses and metrics with the name of their head only if there are
    several heads. The metrics carry the prefix in their own names, so that logs and
    callbacks use the same names for all systems.
    """
    return [
        metrics.Accuracy(name="emotion_accuracy"),
        metrics.UAR(name="emotion_uar"),
        keras.metrics.CategoricalCrossentropy(name="emotion_loss"),
    ]
