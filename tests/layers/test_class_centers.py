"""Distances to class centers, and their training with the center loss."""

import keras
import numpy as np
from keras.ops import convert_to_numpy

from keras_ser import layers, losses


def test_distances_to_every_center(rng):
    features = rng.normal(size=(4, 3)).astype("float32")
    centers = rng.normal(size=(2, 3)).astype("float32")
    layer = layers.ClassCenters(2)
    layer.build((None, 3))
    layer.centers.assign(centers)
    expected = 0.5 * np.square(features[:, None] - centers).sum(axis=-1)
    np.testing.assert_allclose(convert_to_numpy(layer(features)), expected, rtol=1e-5)


def test_training_moves_centers_to_the_class_means(rng):
    features = rng.normal(size=(40, 3)).astype("float32")
    truth = np.arange(40) % 2
    inputs = keras.Input((3,))
    model = keras.Model(inputs, layers.ClassCenters(2, name="center")(inputs))
    model.compile(keras.optimizers.SGD(0.5), losses.CenterLoss())
    labels = np.eye(2, dtype="float32")[truth]
    model.fit(features, labels, batch_size=40, epochs=40, verbose=0)
    means = [features[truth == k].mean(axis=0) for k in range(2)]
    np.testing.assert_allclose(
        convert_to_numpy(model.get_layer("center").centers), means, atol=1e-3
    )
