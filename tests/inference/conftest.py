"""The recogniser that the tests of several modules share."""

import keras
import numpy as np
import pytest

from keras_ser import inference, models
from keras_ser.features import LogMel
from keras_ser.features.preprocessing import Preprocessing


@pytest.fixture(scope="session")
def new_recogniser():
    """A function that makes an untrained recogniser with the same weights each time."""

    def make(
        classes=("anger", "neutral", "sadness"),
        bands=16,
        seconds=1.0,
        normalise="train",
        **arguments,
    ):
        keras.utils.set_random_seed(1)
        preprocessing = Preprocessing(
            LogMel(n_mels=bands),
            classes,
            seconds,
            normalise,
            np.full(bands, -8.0),
            np.full(bands, 3.0),
        )
        model = models.MTLAug(classes, dimensions=bands, **arguments)
        return inference.Recogniser(model, preprocessing)

    return make
