"""What is specific to the DenseNets, with and without LSTM and highway layers."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy

from keras_ser import backend, layers, models
from keras_ser.models import dense_blocks

CLASSES = ("anger", "neutral", "sadness")
GROUP = {"normalisation": "group"}
DENSENETS = ("DenseNet", "DenseNetLSTM", "DenseNetHighway")
every_densenet = pytest.mark.parametrize("name", DENSENETS)


def of_kind(model, kind):
    return [layer for layer in model.layers if isinstance(layer, kind)]


def outputs_of(model, names, x):
    found = keras.Model(model.input, [model.get_layer(name).output for name in names])
    return [convert_to_numpy(each) for each in found(x)]


# === The sizes that the paper gives ===


@pytest.mark.parametrize(
    ("name", "blocks", "growth"),
    [("DenseNet", 3, 16), ("DenseNetLSTM", 3, 16), ("DenseNetHighway", 2, 24)],
)
def test_the_blocks_are_those_of_the_paper(name, blocks, growth):
    model = models.MODELS[name](CLASSES, preset="paper")
    found = of_kind(model, layers.DenseBlock)
    assert [(each.depth, each.growth) for each in found] == [(6, growth)] * blocks
    assert len(of_kind(model, layers.Transition)) == blocks - 1
    channels = 2 * growth  # of the stem
    for number in range(1, blocks + 1):
        channels += 6 * growth
        assert model.get_layer(f"block_{number}").output.shape[-1] == channels
        if number < blocks:
            channels //= 2
            shape = model.get_layer(f"transition_{number}").output.shape
            assert shape[-1] == channels


def test_the_ends_are_those_of_the_paper():
    densenet = models.DenseNet(CLASSES, preset="paper")
    assert densenet.get_layer("embedding").units == 1000
    assert not of_kind(densenet, layers.LSTM)
    recurrent = models.DenseNetLSTM(CLASSES, preset="paper")
    assert recurrent.get_layer("embedding").units == 1000
    assert not of_kind(recurrent, layers.GlobalPooling)
    highway = models.DenseNetHighway(CLASSES, preset="paper")
    assert highway.get_layer("lstm_dropout").rate == 0.5
    assert len(of_kind(highway, layers.Highway)) == 3
    assert highway.embedding_model.output.shape[-1] == 128
    assert {m.recipe for m in (densenet, recurrent, highway)} == {"robust_densenet"}


@every_densenet
def test_the_total_stride_is_that_of_stem_and_transitions(name):
    blocks = 2 if name == "DenseNetHighway" else 3
    stride = dense_blocks.stride_of(blocks)
    assert stride == {2: 8, 3: 16}[blocks]
    model = models.MODELS[name](CLASSES)
    code = model.encoder(np.ones((1, 256, 128), "float32"))
    assert code.shape[1] == 256 // stride
    channels = model.get_layer(f"block_{blocks}").output.shape[-1]
    assert code.shape[2] == 128 // stride * channels


def test_arguments_replace_the_preset():
    model = models.DenseNet(CLASSES, preset="paper", depth=2, growth=5, compression=1)
    assert model.get_layer("block_1").depth == 2
    assert model.get_layer("block_1").output.shape[-1] == 32 + 2 * 5
    assert model.get_layer("transition_1").output.shape[-1] == 32 + 2 * 5
    batch = models.DenseNet(CLASSES, normalisation="batch", momentum=0.5)
    assert batch.get_layer("block_1").momentum == 0.5


@every_densenet
@pytest.mark.parametrize("preset", ["small", "paper"])
def test_all_parts_have_the_same_normalisation(name, preset):
    for kind in ("batch", "group"):
        default = {} if kind == "batch" else {"normalisation": kind}
        model = models.MODELS[name](CLASSES, preset=preset, **default)
        assert model.normalisation == kind
        for layer in of_kind(model, layers.DenseBlock | layers.Transition):
            assert layer.kind == kind
        assert model.get_layer("stem").kind == kind
        last = layers.SpeechGroupNorm if kind == "group" else layers.SpeechBatchNorm
        assert isinstance(model.get_layer("normalisation"), last)


# === How the parts are connected ===


def test_the_highway_reads_the_lstm_and_the_sum_of_the_skips(rng):
    keras.utils.set_random_seed(0)
    model = models.DenseNetHighway(CLASSES, dimensions=16)
    x = rng.normal(size=(2, 40, 16)).astype("float32")
    names = ["lstm", "skip_1", "skip_2", "projection", "pooled_1", "block_1"]
    lstm, skip_1, skip_2, projected, pooled, block = outputs_of(model, names, x)
    kernel, bias = model.get_layer("projection").get_weights()
    joined = np.concatenate([lstm, skip_1 + skip_2], axis=-1)
    np.testing.assert_allclose(projected, joined @ kernel + bias, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(pooled, block.mean((1, 2)), rtol=1e-3, atol=1e-5)


def test_closed_gates_pass_the_projection_on(rng):
    """The softmax then reads the LSTM and the skips without any highway layer."""
    model = models.DenseNetHighway(CLASSES, dimensions=16, transform_bias=-np.inf)
    x = rng.normal(size=(2, 40, 16)).astype("float32")
    (projected,) = outputs_of(model, ["projection", "projection"], x)[:1]
    embedding = convert_to_numpy(model.embedding_model(x))
    np.testing.assert_array_equal(embedding, projected)


@every_densenet
def test_every_weight_gets_a_gradient(name, rng):
    keras.utils.set_random_seed(0)
    model = models.MODELS[name](CLASSES, dimensions=16)
    x = rng.normal(size=(4, 64, 16)).astype("float32")
    variables = model.trainable_variables

    def loss(values):
        pairs = list(zip(variables, values, strict=True))
        with keras.StatelessScope(state_mapping=pairs):
            return keras.ops.sum(keras.ops.square(model(x)["emotion"]))

    gradients = backend.value_and_gradient(loss, [each.value for each in variables])[1]
    assert len(gradients) == len(variables)
    for variable, gradient in zip(variables, gradients, strict=True):
        assert np.abs(convert_to_numpy(gradient)).max() > 0, variable.path


# === Errors ===


@every_densenet
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"preset": "large"}, "`preset` must be one of"),
        ({"depth": 0}, "`depth` must be a positive integer"),
        ({"growth": 1.5}, "`growth` must be a positive integer"),
        ({"stem_filters": True}, "`stem_filters` must be a positive integer"),
        ({"momentum": 1.0}, "`momentum` must be a number of at least 0 and below 1"),
        ({**GROUP, "momentum": 0.9}, "`momentum` must be left out with group norm"),
        ({"normalisation": "layer"}, "`normalisation` must be one of"),
        ({"normalisation": ""}, "`normalisation` must be one of"),
        ({**GROUP, "growth": 6}, "With group normalisation, `growth`"),
        ({**GROUP, "stem_filters": 12}, "`stem_filters` of 8"),
        ({"compression": 0}, "`compression` must be a number above 0 and up to 1"),
        ({"compression": 1.1}, "`compression` must be a number above 0 and up to 1"),
        ({"dimensions": 12}, "`dimensions` must be a multiple of"),
    ],
)
def test_impossible_sizes_are_named(name, arguments, words):
    with pytest.raises(ValueError, match=words):
        models.MODELS[name](CLASSES, **arguments)


@pytest.mark.parametrize(
    ("name", "argument"),
    [
        ("DenseNet", "dense_units"),
        ("DenseNetLSTM", "dense_units"),
        ("DenseNetLSTM", "units"),
        ("DenseNetHighway", "units"),
        ("DenseNetHighway", "highways"),
    ],
)
def test_so_are_impossible_ends(name, argument):
    with pytest.raises(ValueError, match=f"`{argument}` must be a positive integer"):
        models.MODELS[name](CLASSES, **{argument: 0})
    with pytest.raises(ValueError, match="`dropout` must be"):
        models.DenseNetHighway(CLASSES, dropout=1.0)
    with pytest.raises(ValueError, match="`transform_bias` must be a number"):
        models.DenseNetHighway.check(transform_bias="-1")
