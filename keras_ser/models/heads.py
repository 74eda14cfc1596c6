"""Heads: from the encoder's sequence to a task's output.

Outputs are float32 under any precision policy: a half-precision softmax loses
small probabilities.
"""

import random

import keras

from keras_ser import layers, metrics


def emotion_features(sequence, lengths, attention=True, units=128):
    """BLSTM, attention pooling and a dense layer.

    Args:
        sequence: `(batch, time, features)`.
        lengths: `(batch,)`, unpadded steps.
        attention: False pools by the mean.
        units: LSTM units of a direction, and units of the dense layer.

    Returns:
        The deep features, `(batch, units)`, and the attention weights,
        `(batch, time)`.
    """
    hidden = layers.BLSTM(units, pack=True, name="emotion_blstm")(sequence, lengths)
    pooling = layers.AttentionWeights if attention else layers.MeanWeights
    weights = pooling(name="attention")(hidden, lengths)
    pooled = layers.WeightedSum(name="pooled")(hidden, weights)
    deep = keras.layers.Dense(units, activation="relu", name="deep_features")(pooled)
    return deep, weights


def augmentation_features(sequence, lengths, units=256, dense=128, dropout=0.3):
    """BLSTM's last states and two dense layers with dropout between them.

    Returns:
        `(batch, dense)`.
    """
    blstm = layers.BLSTM(
        units, return_sequences=False, pack=True, name="augmentation_blstm"
    )
    hidden = blstm(sequence, lengths)
    hidden = _dense(dense, "augmentation_dense_1")(hidden)
    # Without a seed of its own, PyTorch would draw the masks from elsewhere, and
    # neither seed nor epoch would decide them. This is the seed that Keras draws.
    seed = random.randint(1, 10**9)
    dropout = keras.layers.Dropout(dropout, seed=seed, name="augmentation_dropout")
    return _dense(dense, "augmentation_dense_2")(dropout(hidden))


def classifier(features, classes: int, name: str):
    """Softmax layer: `(batch, classes)`, float32."""
    layer = keras.layers.Dense(
        classes, activation="softmax", dtype="float32", name=name
    )
    return layer(features)


def emotion_metrics() -> list:
    """The emotion's metrics for a model without other heads.

    Keras puts a head's name before its losses and metrics only where there are
    several; logs and callbacks of all systems shall use the same names.
    """
    return [
        metrics.Accuracy(name="emotion_accuracy"),
        metrics.UAR(name="emotion_uar"),
        keras.metrics.CategoricalCrossentropy(name="emotion_loss"),
    ]


def _dense(units, name):
    return keras.layers.Dense(units, activation="relu", name=name)
