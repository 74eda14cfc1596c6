"""The seeds of random layers."""

import keras
import numpy as np
from keras.ops import convert_to_numpy

from keras_ser import callbacks


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
