"""`BLSTM` against its equation and against Keras's masked `Bidirectional(LSTM)`."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_ser import backend
from keras_ser.layers import recurrence
from keras_ser.layers.blstm import BLSTM

BATCH, TIME, FEATURES, UNITS = 3, 6, 5, 4
FULL, RAGGED = [TIME, TIME, TIME], [6, 1, 4]
IMPLEMENTATIONS = ["fused", "standard"]

tensorflow_only = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="needs a TensorFlow graph"
)


@pytest.fixture(autouse=True)
def seed():
    keras.utils.set_random_seed(0)


def example(lengths=RAGGED):
    sequence = np.random.normal(size=(BATCH, TIME, FEATURES)).astype("float32")
    return sequence, np.array(lengths, "int32")


def masked(sequence, lengths):
    return np.arange(sequence.shape[1])[None, :] < lengths[:, None]


def pair(implementation, return_sequences=True):
    """Keras's layer and ours with the same weights, including biases."""
    lstm = keras.layers.LSTM(UNITS, return_sequences=return_sequences)
    reference = keras.layers.Bidirectional(lstm)
    reference.build((BATCH, TIME, FEATURES))
    shapes = [weight.shape for weight in reference.get_weights()]
    reference.set_weights([np.random.normal(size=shape) for shape in shapes])
    layer = BLSTM(UNITS, return_sequences, implementation)
    layer.build((BATCH, TIME, FEATURES))
    layer.set_weights(reference.get_weights())
    return reference, layer


def equation(sequence, kernel, recurrent, bias):
    """The docstring's equation for one unpadded sequence, in one direction."""
    hidden, cell, states = np.zeros(UNITS), np.zeros(UNITS), []
    for x in sequence:
        i, f, g, o = np.split(x @ kernel + hidden @ recurrent + bias, 4)
        i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))
        cell = f * cell + i * np.tanh(g)
        hidden = o * np.tanh(cell)
        states.append(hidden)
    return np.stack(states)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_equals_the_equation(implementation):
    sequence, lengths = example()
    _, layer = pair(implementation)
    expected = np.zeros((BATCH, TIME, 2 * UNITS))
    weights = layer.get_weights()
    for row, (x, length) in enumerate(zip(sequence, lengths, strict=True)):
        forward = equation(x[:length], *weights[:3])
        backward = equation(x[:length][::-1], *weights[3:])[::-1]
        expected[row, :length] = np.concatenate([forward, backward], axis=-1)
    states = ops.convert_to_numpy(layer(sequence, lengths))
    np.testing.assert_allclose(states, expected, atol=1e-5)
    assert not states[~masked(sequence, lengths)].any()


def value_and_gradients(layer, sequence, weight, **call):
    """Output, and the gradients of its weighted sum w.r.t. the input and weights."""
    variables = layer.trainable_variables

    def total(tensors):
        values = zip(variables, tensors[1:], strict=True)
        with keras.StatelessScope(state_mapping=list(values)):
            return ops.sum(ops.multiply(layer(tensors[0], **call), weight))

    tensors = [sequence, *(variable.value for variable in variables)]
    gradients = backend.value_and_gradient(total, tensors)[1]
    found = [layer(sequence, **call), *gradients]
    return [np.array(ops.convert_to_numpy(each)) for each in found]


def run_in_a_graph(layer, sequence, weight, **call):
    """The same with unknown batch and time, as in an exported model."""
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec((None, None, FEATURES))])
    def run(sequence):
        with tf.GradientTape() as tape:
            tape.watch(sequence)
            output = layer(sequence, **call)
            total = tf.reduce_sum(output * weight)
        variables = [variable.value for variable in layer.trainable_variables]
        return output, tape.gradient(total, [sequence, *variables])

    output, gradients = run(tf.constant(sequence))
    return [output.numpy(), *[gradient.numpy() for gradient in gradients]]


def random_weight(layer, sequence, lengths):
    """Weights for the sum of the output, 0 at padded steps."""
    weight = np.random.normal(size=layer.compute_output_shape(sequence.shape))
    if weight.ndim == 3:
        weight[~masked(sequence, lengths)] = 0
    return weight.astype("float32")


@pytest.mark.parametrize("return_sequences", [True, False])
@pytest.mark.parametrize(
    "implementation, compute, lengths",
    [
        ("fused", value_and_gradients, FULL),
        ("fused", value_and_gradients, RAGGED),
        pytest.param("fused", run_in_a_graph, RAGGED, marks=tensorflow_only),
        ("standard", value_and_gradients, RAGGED),
    ],
)
def test_equals_bidirectional(implementation, compute, lengths, return_sequences):
    sequence, lengths = example(lengths)
    reference, layer = pair(implementation, return_sequences)
    mask = masked(sequence, lengths)
    weight = random_weight(layer, sequence, lengths)
    expected = value_and_gradients(reference, sequence, weight, mask=mask)
    found = compute(layer, sequence, weight, lengths=lengths)
    assert len(found) == 1 + 1 + 6
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


@pytest.mark.parametrize("return_sequences", [True, False])
@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_padding_changes_nothing(implementation, return_sequences):
    sequence, lengths = example()
    _, layer = pair(implementation, return_sequences)
    longer = np.full((BATCH, TIME + 5, FEATURES), 30.0, "float32")
    valid = masked(sequence, lengths)
    longer[:, :TIME][valid] = sequence[valid]
    weight = random_weight(layer, longer, lengths)
    short = weight[:, :TIME] if return_sequences else weight
    expected = value_and_gradients(layer, sequence, short, lengths=lengths)
    found = value_and_gradients(layer, longer, weight, lengths=lengths)
    if return_sequences:
        assert not found[0][:, TIME:].any()
        found[0] = found[0][:, :TIME]
    assert not found[1][:, TIME:].any()  # no gradient reaches the padding
    found[1] = found[1][:, :TIME]
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, atol=2e-6)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_no_lengths_means_all_valid(implementation):
    sequence, lengths = example(FULL)
    _, layer = pair(implementation)
    expected = ops.convert_to_numpy(layer(sequence, lengths))
    for given in (None, lengths + 3):  # a length beyond the end counts as the end
        states = ops.convert_to_numpy(layer(sequence, given))
        np.testing.assert_allclose(states, expected, atol=1e-6)


def model_of(layer):
    sequence = keras.Input((None, FEATURES), name="sequence")
    lengths = keras.Input((), dtype="int32", name="lengths")
    return keras.Model([sequence, lengths], layer(sequence, lengths=lengths))


@pytest.mark.parametrize(
    "jit_compile", [False, pytest.param(True, marks=tensorflow_only)]
)
def test_fit_takes_the_same_step_as_keras(jit_compile):
    sequence, lengths = example()
    reference, layer = pair("fused", return_sequences=False)
    before = layer.get_weights()
    model = model_of(layer)
    model.compile(keras.optimizers.SGD(1.0), "mse", jit_compile=jit_compile)
    model.fit([sequence, lengths], np.ones((BATCH, 2 * UNITS)), verbose=0)

    inputs = keras.Input((None, FEATURES)), keras.Input((None,), dtype="bool")
    oracle = keras.Model(inputs, reference(inputs[0], mask=inputs[1]))
    oracle.compile(keras.optimizers.SGD(1.0), "mse", jit_compile=False)
    mask = masked(sequence, lengths)
    oracle.fit([sequence, mask], np.ones((BATCH, 2 * UNITS)), verbose=0)

    weights = zip(layer.get_weights(), reference.get_weights(), before, strict=True)
    for found, expected, old in weights:
        assert np.abs(found - old).max() > 1e-4
        np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("implementation", ["auto", "standard"])
def test_saves_and_loads(implementation, tmp_path):
    sequence, lengths = example()
    model = model_of(BLSTM(UNITS, False, implementation, name="blstm"))
    assert model.output_shape == (None, 2 * UNITS)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.get_layer("blstm").get_config() == model.layers[-1].get_config()
    inputs = [sequence, lengths]
    np.testing.assert_array_equal(
        loaded.predict(inputs, verbose=0), model.predict(inputs, verbose=0)
    )


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_mixed_precision(implementation):
    sequence, lengths = example()
    _, layer = pair(implementation)
    half = BLSTM(UNITS, implementation=implementation, dtype="mixed_bfloat16")
    half.build(sequence.shape)
    half.set_weights(layer.get_weights())
    states = half(sequence, lengths)
    assert keras.backend.standardize_dtype(states.dtype) == "bfloat16"
    assert {weight.dtype for weight in half.weights} == {"float32"}
    expected = ops.convert_to_numpy(layer(sequence, lengths))
    states = ops.convert_to_numpy(ops.cast(states, "float32"))
    np.testing.assert_allclose(states, expected, atol=0.1)


@pytest.mark.parametrize("device", ["cpu:0", "gpu:0"])
def test_auto_leaves_a_gpu_to_cudnn(device, monkeypatch):
    monkeypatch.setattr(keras.distribution, "list_devices", lambda: [device])
    on_cpu = keras.backend.backend() == "tensorflow" and device == "cpu:0"
    assert recurrence.is_fused("auto") is on_cpu
    assert recurrence.is_fused("fused") and not recurrence.is_fused("standard")


@pytest.mark.parametrize(
    "arguments, named",
    [
        ({"units": 0}, "`units`"),
        ({"units": 2.0}, "`units`"),
        ({"units": 2, "implementation": "quick"}, "`implementation`"),
    ],
)
def test_bad_arguments_are_named(arguments, named):
    with pytest.raises(ValueError, match=named):
        BLSTM(**arguments)


def test_a_wrong_rank_is_rejected():
    with pytest.raises(ValueError, match="ndim=3"):
        BLSTM(2)(np.zeros((2, 3), "float32"))
