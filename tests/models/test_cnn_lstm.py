"""What is specific to the CNN and the CNN-LSTM."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy

from keras_ser import layers, models
from keras_ser.models.presets import PRESETS

CLASSES = ("anger", "neutral", "sadness")
both = pytest.mark.parametrize("name", ["CNN", "CNNLSTM"])


@both
@pytest.mark.parametrize("preset", PRESETS)
def test_the_encoder_is_that_of_mtl_aug(name, preset):
    model = models.MODELS[name](CLASSES, preset=preset)
    reference = models.MTLAug(CLASSES, preset=preset, **models.BASELINE)
    for number in (1, 2, 3):
        ours, theirs = (
            each.get_layer(f"encoder_{number}").get_config()
            for each in (model, reference)
        )
        assert ours == theirs
    assert model.recipe == "robust_densenet"


def test_the_cnn_reads_the_mean_of_the_code(rng):
    model = models.CNN(CLASSES, dimensions=16)
    x = rng.normal(size=(2, 40, 16)).astype("float32")
    x[1, 16:] = 0
    code = convert_to_numpy(model.encoder(x))
    means = np.stack([code[0].mean(0), code[1, :2].mean(0)])
    kernel, bias = model.get_layer("embedding").get_weights()
    expected = np.maximum(means @ kernel + bias, 0)
    found = convert_to_numpy(model.embedding_model(x))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_the_cnn_lstm_reads_the_last_state(rng):
    model = models.CNNLSTM(CLASSES, dimensions=16, units=8)
    x = rng.normal(size=(2, 40, 16)).astype("float32")
    x[1, 16:] = 0
    lstm = keras.layers.LSTM(8)
    code = convert_to_numpy(model.encoder(x))
    lstm.build(code.shape)
    lstm.set_weights(model.get_layer("lstm").get_weights())
    mask = np.arange(5) < np.array([[5], [2]])
    expected = convert_to_numpy(lstm(code, mask=mask))
    found = convert_to_numpy(model.embedding_model(x))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    assert not [each for each in model.layers if isinstance(each, layers.MeanWeights)]


@both
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"preset": "large"}, "`preset` must be one of"),
        ({"units": 0}, "`units` must be a positive integer"),
        ({"filters": (8, 8)}, "`filters` must be 3 positive integers"),
        ({"filters": (8, 8, 9)}, "`filters` must be multiples of 8"),
        ({"normalisation": "layer"}, "one of .*batch.*group"),
        ({"normalisation": "batch", "momentum": 1}, "`momentum` must be"),
        ({"momentum": 0.9}, "`momentum` must be left out"),
        ({"dimensions": 12}, "`dimensions` must be a multiple of"),
    ],
)
def test_impossible_sizes_are_named(name, arguments, words):
    with pytest.raises(ValueError, match=words):
        models.MODELS[name](CLASSES, **arguments)
