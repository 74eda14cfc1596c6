"""A small model, a linear model and ragged features to attack."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy

from keras_ser import models
from keras_ser.layers import padding

CLASSES = ("anger", "neutral", "sadness")
DIMENSIONS = 16


def make_speech(rng, batch=6, time=40):
    """Ragged features whose first three dimensions reveal the class, and the classes.

    Returns:
        Features, `(batch, time, 16)`, and one-hot classes, `(batch, 3)`.
    """
    truth = np.eye(3, dtype="float32")[np.arange(batch) % 3]
    features = rng.normal(size=(batch, time, DIMENSIONS)).astype("float32")
    features[:, :, :3] += 0.5 * truth[:, None]
    for row, length in enumerate(rng.integers(time // 3, time, batch)):
        features[row, length:] = 0
    return features, truth


def make_linear(weights, time=3, **softmax):
    """Softmax of a product with all features, `weights` of shape (cells, classes)."""
    weights = np.asarray(weights, "float32")
    features = keras.Input((time, len(weights) // time))
    flat = keras.layers.Flatten()(features)
    options = {"activation": "softmax", "use_bias": False, **softmax}
    dense = keras.layers.Dense(weights.shape[1], **options)
    model = keras.Model(features, dense(flat))
    dense.set_weights([weights])
    return model


def count_frames(features):
    return convert_to_numpy(padding.count_frames(features)).tolist()


@pytest.fixture(scope="session")
def speech():
    return make_speech


@pytest.fixture(scope="session")
def linear():
    return make_linear


@pytest.fixture(scope="session")
def lengths():
    """A function from features to the number of unpadded frames per utterance."""
    return count_frames


@pytest.fixture(scope="module")
def model():
    """An emotion model that has learnt a little."""
    keras.utils.set_random_seed(0)
    network = models.MTLAug(CLASSES, dimensions=DIMENSIONS, **models.BASELINE)
    network.compile(keras.optimizers.Adam(3e-3), **network.objective())
    features, truth = make_speech(np.random.default_rng(1), batch=24)
    network.fit(features, {"emotion": truth}, epochs=6, batch_size=12, verbose=0)
    return network.emotion_model
