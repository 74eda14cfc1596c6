"""The seeds of random layers."""

import keras
import numpy as np
from keras.ops import convert_to_numpy

from keras_ser import callbacks


class Hidden(keras.layers.Layer):
    """Noise whose generator is in a list."""

    def __init__(self):
        super().__init__()
        self.generators = [keras.random.SeedGenerator(1)]

    def call(self, inputs):
        return keras.random.normal(inputs.shape, seed=self.generators[0])


def test_generators_in_containers_are_set_too():
    layer = Hidden()
    model = keras.Sequential([keras.Input((3,), batch_size=2), layer])
    reseed = callbacks.ReseedEachEpoch(0)
    reseed.set_model(model)
    drawn = []
    for _ in range(2):
        reseed.on_epoch_begin(1)
        drawn.append(convert_to_numpy(layer(np.zeros((2, 3), "float32"))))
    np.testing.assert_array_equal(*drawn)


def test_dropout_depends_on_seed_and_epoch_alone(small_model, rng):
    features = rng.normal(size=(2, 16, 16)).astype("float32")

    def masks(seed, epoch, before=0):
        keras.utils.set_random_seed(0)
        model = small_model()
        reseed = callbacks.ReseedEachEpoch(seed)
        reseed.set_model(model)
        for _ in range(before):
            model(features, training=True)
        reseed.on_epoch_begin(epoch)
        return convert_to_numpy(model(features, training=True)["augmentation"])

    np.testing.assert_array_equal(masks(1, 3), masks(1, 3, before=2))
    assert (masks(1, 3) != masks(1, 4)).any()
    assert (masks(1, 3) != masks(2, 3)).any()
