"""`LSTM` against its equation and against Keras's masked `LSTM`."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_ser import backend, layers

BATCH, TIME, FEATURES, UNITS = 3, 6, 5, 4
LENGTHS = np.int32([6, 1, 4])
implementations = pytest.mark.parametrize("implementation", ["fused", "standard"])
ends = pytest.mark.parametrize("return_sequences", [True, False])


@pytest.fixture
def sequence(rng):
    return rng.normal(size=(BATCH, TIME, FEATURES)).astype("float32")


def valid(time=TIME):
    return np.arange(time) < LENGTHS[:, None]


def made(implementation, return_sequences, rng):
    """Keras's layer and ours with the same weights, including biases."""
    reference = keras.layers.LSTM(UNITS, return_sequences=return_sequences)
    layer = layers.LSTM(UNITS, return_sequences, implementation)
    for each in (reference, layer):
        each.build((BATCH, TIME, FEATURES))
    weights = [rng.normal(size=each.shape) for each in reference.get_weights()]
    reference.set_weights(weights)
    layer.set_weights(weights)
    return reference, layer


def value_and_gradients(layer, sequence, weight, **call):
    """The output, and gradients of its weighted sum for inputs and weights."""
    variables = layer.trainable_variables

    def total(tensors):
        given, *weights = tensors
        pairs = list(zip(variables, weights, strict=True))
        with keras.StatelessScope(state_mapping=pairs):
            return ops.sum(layer(given, **call) * weight)

    tensors = [ops.convert_to_tensor(sequence), *(each.value for each in variables)]
    gradients = backend.value_and_gradient(total, tensors)[1]
    found = [layer(sequence, **call), *gradients]
    return [np.array(ops.convert_to_numpy(each)) for each in found]


def weight_of(layer, time, rng):
    """Weights for the sum of the output, 0 at padded steps."""
    shape = layer.compute_output_shape((BATCH, time, FEATURES))
    weight = rng.normal(size=shape).astype("float32")
    return weight * valid(time)[..., None] if len(shape) == 3 else weight


@implementations
def test_equals_the_equation(implementation, sequence, rng):
    _, layer = made(implementation, False, rng)
    kernel, recurrent, bias = layer.get_weights()
    found = ops.convert_to_numpy(layer(sequence, LENGTHS))
    for row, length in enumerate(LENGTHS):
        hidden = cell = np.zeros(UNITS)
        for x in sequence[row, :length]:
            i, f, g, o = np.split(x @ kernel + hidden @ recurrent + bias, 4)
            i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))
            cell = f * cell + i * np.tanh(g)
            hidden = o * np.tanh(cell)
        np.testing.assert_allclose(found[row], hidden, atol=1e-5)


@ends
@implementations
def test_equals_the_layer_of_keras(implementation, return_sequences, sequence, rng):
    reference, layer = made(implementation, return_sequences, rng)
    weight = weight_of(layer, TIME, rng)
    expected = value_and_gradients(reference, sequence, weight, mask=valid())
    found = value_and_gradients(layer, sequence, weight, lengths=LENGTHS)
    if return_sequences:  # Keras repeats the last state in the padding
        expected[0] = expected[0] * valid()[..., None]
    assert len(found) == 1 + 1 + 3
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


@ends
@implementations
def test_padding_changes_nothing(implementation, return_sequences, sequence, rng):
    _, layer = made(implementation, return_sequences, rng)
    longer = np.full((BATCH, TIME + 5, FEATURES), 30.0, "float32")
    longer[:, :TIME][valid()] = sequence[valid()]
    weight = weight_of(layer, TIME + 5, rng)
    short = weight[:, :TIME] if return_sequences else weight
    expected = value_and_gradients(layer, sequence, short, lengths=LENGTHS)
    found = value_and_gradients(layer, longer, weight, lengths=LENGTHS)
    if return_sequences:
        assert not found[0][:, TIME:].any()
        found[0] = found[0][:, :TIME]
    assert not found[1][:, TIME:].any()  # no gradient reaches the padding
    found[1] = found[1][:, :TIME]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-6)


@implementations
def test_no_lengths_means_all_valid(implementation, sequence, rng):
    _, layer = made(implementation, False, rng)
    full = np.full(BATCH, TIME, "int32")
    for lengths in (full, full + 9):  # too long a length counts as the whole
        np.testing.assert_array_equal(
            ops.convert_to_numpy(layer(sequence)),
            ops.convert_to_numpy(layer(sequence, lengths)),
        )


@implementations
def test_saves_and_loads(implementation, sequence, tmp_path, rng):
    inputs = keras.Input((None, FEATURES)), keras.Input((), dtype="int32")
    output = layers.LSTM(UNITS, implementation=implementation)(*inputs)
    model = keras.Model(inputs, output)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(
        ops.convert_to_numpy(again((sequence, LENGTHS))),
        ops.convert_to_numpy(model((sequence, LENGTHS))),
    )
    assert again.layers[-1].implementation == implementation


@pytest.mark.parametrize(
    "arguments, named",
    [
        ({"units": 0}, "units=0"),
        ({"units": True}, "units=True"),
        ({"units": 2, "implementation": "x"}, "'x'"),
    ],
)
def test_bad_arguments_are_named(arguments, named):
    with pytest.raises(ValueError, match=named):
        layers.LSTM(**arguments)


def test_a_wrong_rank_is_rejected():
    with pytest.raises(ValueError, match="ndim=3"):
        layers.LSTM(2)(np.zeros((2, 3), "float32"))
