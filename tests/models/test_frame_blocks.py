"""The encoder of frames in no order: what it may depend on, and what it rejects."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy

from keras_ser.models import MTLAug
from keras_ser.models.attributes import AttributeCNNLSTM
from keras_ser.models.mtl_aug import BASELINE

CLASSES = ("anger", "neutral", "sadness")
WIDTH = 14  # no multiple of 8


def build(**arguments):
    keras.utils.set_random_seed(0)
    given = {"encoder_type": "frames", "filters": (16, 8), **arguments}
    return MTLAug(CLASSES, dimensions=WIDTH, **given)


def speech(rng, lengths=(40, 17, 3), time=40):
    features = rng.normal(size=(len(lengths), time, WIDTH)).astype("float32")
    for row, length in zip(features, lengths, strict=True):
        row[length:] = 0
    return features


def test_the_frames_themselves_are_reconstructed(rng):
    features = speech(rng)
    found = convert_to_numpy(build(input_layers=2)(features)["reconstruction"])
    assert found.shape == features.shape
    np.testing.assert_array_equal(found[1, 17:], 0)
    assert np.all(found[1, :16].std(axis=1) > 0)


@pytest.mark.parametrize("layers", [1, 2])
def test_the_order_of_the_dimensions_means_nothing(layers, rng):
    """Permuted dimensions with a permuted projection give the same probabilities."""
    features, model, other = speech(rng), build(**BASELINE), build(**BASELINE)
    if layers == 2:
        model = build(**BASELINE, input_layers=2)
        other = build(**BASELINE, input_layers=2)
    width = WIDTH // layers
    order = rng.permutation(width)
    other.set_weights(model.get_weights())
    project = other.get_layer("projection")
    project.set_weights([project.get_weights()[0][order]])
    shuffled = features.reshape(3, 40, layers, width)[..., order].reshape(3, 40, WIDTH)
    for head, expected in model(features).items():
        np.testing.assert_allclose(other(shuffled)[head], expected, atol=1e-5)


@pytest.mark.parametrize("normalisation", ["group", "batch"])
def test_the_padding_means_nothing(normalisation, rng):
    model, features = build(normalisation=normalisation), speech(rng)
    padded = np.pad(features, [(0, 0), (0, 24), (0, 0)])
    for head, expected in model(features, training=False).items():
        found = convert_to_numpy(model(padded, training=False)[head])
        if head == "reconstruction":
            found = found[:, :40]
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_packed_and_padded_batches_train_alike(rng, monkeypatch):
    from keras_ser.layers import packing

    features, losses = speech(rng), {}
    for packs in (True, False):
        monkeypatch.setattr(packing, "packs", lambda training, p=packs: p and training)
        model = build(normalisation="group", dropout=0.0)
        outputs = model(features, training=True)
        losses[packs] = {name: convert_to_numpy(each) for name, each in outputs.items()}
    for head, expected in losses[False].items():
        np.testing.assert_allclose(losses[True][head], expected, atol=1e-5)


@pytest.mark.parametrize("filters", [(8,), (8, 8, 8)])
def test_any_number_of_stages(filters, rng):
    model = build(filters=filters, kernels=(3,) * len(filters))
    assert model.encoder.output_shape[-1] == 8
    assert model(speech(rng))["reconstruction"].shape == (3, 40, WIDTH)


def test_the_attributes_model_learns_a_sum_of_layers(rng):
    keras.utils.set_random_seed(0)
    model = AttributeCNNLSTM(CLASSES, dimensions=WIDTH, input_layers=2)
    assert model.get_layer("layer_sum").count == 2
    assert model(speech(rng))["emotion"].shape == (3, 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"encoder_type": "pixels"}, "`encoder_type` must be one of"),
        ({"input_layers": 3}, "must divide `dimensions`"),
        ({"input_layers": 0}, "input_layers"),
        ({"encoder_type": "bands", "filters": None}, "multiple of 8"),
        ({"filters": ()}, "`filters` must be"),
        ({"filters": (8, 8), "kernels": (3,)}, "`kernels` must be"),
        ({"filters": (6, 8), "normalisation": "group"}, "multiples of 8"),
    ],
)
def test_arguments_are_checked(arguments, message):
    with pytest.raises(ValueError, match=message):
        build(**arguments)
    given = {"encoder_type": "frames", "filters": (16, 8), **arguments}
    with pytest.raises(ValueError, match=message):
        MTLAug.check(WIDTH, **given)


def test_the_weights_of_the_layers_are_known(rng):
    model = build(input_layers=2)
    assert model.layer_weights == [0.5, 0.5]
    model.get_layer("layer_sum").logits.assign(np.array([0, np.log(3)], "float32"))
    np.testing.assert_allclose(model.layer_weights, [0.25, 0.75], rtol=1e-6)
    assert build().layer_weights is None


def test_bands_have_no_layers():
    with pytest.raises(ValueError, match="encoder_type='frames'"):
        MTLAug(CLASSES, dimensions=16, input_layers=2)
