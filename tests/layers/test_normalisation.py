"""Normalisation of speech against Keras's normalisation of only the speech."""

import keras
import numpy as np
import pytest
from keras import ops
from keras.ops import convert_to_numpy

from keras_ser import backend
from keras_ser.layers import SpeechBatchNorm, SpeechGroupNorm, packing
from keras_ser.layers.normalisation import fixed_moments

BATCH, TIME, BANDS, CHANNELS = 3, 6, 4, 5
LENGTHS = (6, 4, 1)


@pytest.fixture
def batch(rng):
    """Values whose mean is far from zero, and the mask of unpadded frames."""
    inputs = rng.normal(3.0, 2.0, (BATCH, TIME, BANDS, CHANNELS)).astype("float32")
    mask = np.float32([[t < n for t in range(TIME)] for n in LENGTHS])
    return inputs, mask


def pair(**arguments):
    """Our layer and Keras's, with equal random weights."""
    rng = np.random.default_rng(1)
    ours, reference = SpeechBatchNorm(**arguments), keras.layers.BatchNormalization()
    for layer in (ours, reference):
        layer.build((None, None, BANDS, CHANNELS))
    ours.set_weights([rng.uniform(0.5, 1.5, CHANNELS) for _ in range(4)])
    reference.set_weights(ours.get_weights())
    return ours, reference


def speech(inputs, mask):
    """The unpadded frames of all utterances as one utterance."""
    return inputs[mask > 0][None]


@pytest.mark.parametrize("training", [False, True])
def test_speech_is_normalised_as_if_there_were_no_padding(batch, training):
    inputs, mask = batch
    ours, reference = pair()
    output = convert_to_numpy(ours(inputs, mask, training=training))
    expected = convert_to_numpy(reference(speech(inputs, mask), training=training))
    np.testing.assert_allclose(speech(output, mask), np.maximum(expected, 0), atol=1e-5)
    assert (output[mask == 0] == 0).all()
    for result, target in zip(ours.get_weights(), reference.get_weights(), strict=True):
        np.testing.assert_allclose(result, target, rtol=1e-5)


def gradients(layer, total, inputs):
    """Gradients of a scalar function w.r.t. the input, the scale and the shift."""
    variables = [layer.gamma, layer.beta]

    def function(tensors):
        scope = zip(variables, tensors[1:], strict=True)
        with keras.StatelessScope(state_mapping=list(scope)):
            return total(tensors[0])

    tensors = [inputs, *(variable.value for variable in variables)]
    found = backend.value_and_gradient(function, tensors)[1]
    return [convert_to_numpy(each) for each in found]


def test_gradients_are_those_of_the_definition(batch):
    inputs, mask = batch
    weight = np.random.default_rng(2).normal(size=inputs.shape).astype("float32")
    ours, reference = pair()
    cells = np.broadcast_to(mask[..., None], (BATCH, TIME, BANDS))

    def by_definition(x):
        output = reference(x, mask=cells, training=True)
        return ops.multiply(ops.relu(output), mask[:, :, None, None])

    def total(call):
        return lambda x: ops.sum(ops.multiply(weight, ops.square(call(x))))

    found = gradients(ours, total(lambda x: ours(x, mask, training=True)), inputs)
    expected = gradients(reference, total(by_definition), inputs)
    for result, target in zip(found, expected, strict=True):
        np.testing.assert_allclose(result, target, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("training", [False, True])
def test_without_a_relu_values_may_be_negative(batch, training):
    inputs, mask = batch
    ours, reference = pair(relu=False)
    output = convert_to_numpy(ours(inputs, mask, training=training))
    expected = convert_to_numpy(reference(speech(inputs, mask), training=training))
    np.testing.assert_allclose(speech(output, mask), expected, atol=1e-5)
    assert (output < 0).any()
    assert (output[mask == 0] == 0).all()


def test_gradients_without_a_relu_are_those_of_the_definition(batch):
    inputs, mask = batch
    weight = np.random.default_rng(2).normal(size=inputs.shape).astype("float32")
    ours, reference = pair(relu=False)
    cells = np.broadcast_to(mask[..., None], (BATCH, TIME, BANDS))

    def by_definition(x):
        output = reference(x, mask=cells, training=True)
        return ops.multiply(output, mask[:, :, None, None])

    def total(call):
        return lambda x: ops.sum(ops.multiply(weight, ops.square(call(x))))

    found = gradients(ours, total(lambda x: ours(x, mask, training=True)), inputs)
    expected = gradients(reference, total(by_definition), inputs)
    for result, target in zip(found, expected, strict=True):
        np.testing.assert_allclose(result, target, rtol=1e-3, atol=1e-3)


def test_fixed_moments_stay_while_those_of_the_batch_normalise(batch):
    (ours, _), (other, _) = pair(), pair()
    expected = convert_to_numpy(pair()[0](*batch, training=True))
    before = ours.get_weights()
    with fixed_moments([ours]):
        found = convert_to_numpy(ours(*batch, training=True))
        other(*batch, training=True)
    np.testing.assert_array_equal(found, expected)
    for result, target in zip(ours.get_weights(), before, strict=True):
        np.testing.assert_array_equal(result, target)
    assert np.abs(other.get_weights()[2] - before[2]).max() > 1e-3
    ours(*batch, training=True)  # behind the context
    assert np.abs(ours.get_weights()[2] - before[2]).max() > 1e-3


def test_a_batch_of_padding_changes_nothing_and_has_no_gradient(batch):
    ours, _ = pair()
    before = ours.get_weights()
    inputs, mask = batch[0], np.zeros_like(batch[1])
    assert not convert_to_numpy(ours(inputs, mask, training=True)).any()
    for result, target in zip(ours.get_weights(), before, strict=True):
        np.testing.assert_allclose(result, target, rtol=1e-6)
    found = gradients(ours, lambda x: ops.sum(ours(x, mask, training=True)), inputs)
    assert not any(each.any() for each in found)


def test_frozen_layer_keeps_its_moments(batch):
    ours, _ = pair()
    ours.trainable = False
    before = ours.get_weights()
    ours(*batch, training=True)
    for result, target in zip(ours.get_weights(), before, strict=True):
        np.testing.assert_array_equal(result, target)


def test_moments_are_float32_in_half_precision(batch):
    inputs, mask = batch
    single, _ = pair()
    half = SpeechBatchNorm(dtype="mixed_bfloat16")
    half.build((None, None, BANDS, CHANNELS))
    half.set_weights(single.get_weights())
    inputs = convert_to_numpy(ops.cast(ops.cast(inputs, "bfloat16"), "float32"))
    half(inputs, mask, training=True)
    single(inputs, mask, training=True)
    for result, target in zip(half.get_weights(), single.get_weights(), strict=True):
        np.testing.assert_allclose(result, target, rtol=1e-5)


# === Moments of the labelled rows ===


def packed(values, gap=2):
    """The utterances of a padded batch end to end, each followed by zeros."""
    empty = np.zeros((gap, *values.shape[2:]), values.dtype)
    pieces = [(values[row, :n], empty) for row, n in enumerate(LENGTHS)]
    return np.concatenate([part for piece in pieces for part in piece])[None]


@pytest.mark.parametrize("form", [lambda values: values, packed])
def test_moments_are_those_of_the_labelled_rows(batch, form):
    inputs, mask = batch
    inputs[2:] += 10  # the row without a label
    ours, reference = pair(labelled_rows=2)
    labelled = speech(inputs[:2], mask[:2])
    reference(labelled, training=True)
    mean, variance = labelled.mean((0, 1, 2)), labelled.var((0, 1, 2))
    found = convert_to_numpy(ours(form(inputs), form(mask), training=True))
    scaled = (form(inputs) - mean) / np.sqrt(variance + ours.epsilon)
    gamma, beta = (convert_to_numpy(each) for each in (ours.gamma, ours.beta))
    expected = np.maximum(scaled * gamma + beta, 0) * form(mask)[..., None, None]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    for result, target in zip(ours.get_weights(), reference.get_weights(), strict=True):
        np.testing.assert_allclose(result, target, rtol=1e-4)


def test_gradients_reach_the_labelled_rows_through_the_moments(batch):
    inputs, mask = batch
    weight = np.random.default_rng(2).normal(size=inputs.shape).astype("float32")
    ours, reference = pair(labelled_rows=2)
    counted = mask * np.float32([[1], [1], [0]])

    def by_definition(x):
        counts = ops.convert_to_tensor(counted[..., None, None])
        cells = ops.ones_like(x[..., :1]) * counts
        total = ops.sum(cells)
        mean = ops.sum(x * cells, axis=(0, 1, 2)) / total
        variance = ops.sum(ops.square(x - mean) * cells, axis=(0, 1, 2)) / total
        scaled = (x - mean) / ops.sqrt(variance + ours.epsilon)
        output = ops.relu(scaled * reference.gamma + reference.beta)
        return output * ops.convert_to_tensor(mask[:, :, None, None])

    def total(call):
        return lambda x: ops.sum(ops.multiply(weight, ops.square(call(x))))

    found = gradients(ours, total(lambda x: ours(x, mask, training=True)), inputs)
    expected = gradients(reference, total(by_definition), inputs)
    for result, target in zip(found, expected, strict=True):
        np.testing.assert_allclose(result, target, rtol=1e-3, atol=2e-3)


def test_inference_and_a_fully_labelled_batch_are_unchanged(batch):
    inputs, mask = batch
    (ours, _), (plain, _) = pair(labelled_rows=3), pair()
    for training in (False, True):
        np.testing.assert_array_equal(
            convert_to_numpy(ours(inputs, mask, training=training)),
            convert_to_numpy(plain(inputs, mask, training=training)),
        )
    again = SpeechBatchNorm.from_config(ours.get_config())
    assert again.labelled_rows == 3


# === Group normalisation ===


def group_norm(groups=2, channels=6):
    rng = np.random.default_rng(1)
    layer = SpeechGroupNorm(groups)
    layer.build((None, None, BANDS, channels))
    layer.set_weights([rng.uniform(0.5, 1.5, channels) for _ in range(2)])
    return layer


@pytest.fixture
def wide_batch(rng):
    inputs = rng.normal(3.0, 2.0, (BATCH, TIME, BANDS, 6)).astype("float32")
    mask = np.float32([[t < n for t in range(TIME)] for n in LENGTHS])
    return inputs, mask


def reference_of(layer):
    """Keras's group normalisation with the weights of ours."""
    reference = keras.layers.GroupNormalization(layer.groups, epsilon=layer.epsilon)
    reference.build((None, None, BANDS, 6))
    reference.set_weights(layer.get_weights())
    return reference


@pytest.mark.parametrize("training", [False, True])
def test_each_utterance_is_normalised_by_its_own_groups(wide_batch, training):
    inputs, mask = wide_batch
    layer = group_norm()
    found = convert_to_numpy(layer(inputs, mask, training=training))
    reference = reference_of(layer)
    for row, length in enumerate(LENGTHS):
        alone = convert_to_numpy(reference(inputs[row : row + 1, :length]))
        np.testing.assert_allclose(
            found[row, :length], np.maximum(alone[0], 0), atol=1e-5
        )
        assert not found[row, length:].any()


@pytest.mark.skipif(not packing.packs(True), reason="needs packed batches")
def test_packed_utterances_do_not_share_moments(wide_batch):
    inputs, mask = wide_batch
    layer = group_norm()
    expected = packed(convert_to_numpy(layer(inputs, mask)))
    found = layer(packed(inputs), packed(mask), training=True)
    np.testing.assert_allclose(convert_to_numpy(found), expected, atol=1e-5)


def by_definition(layer, inputs, mask):
    """Group normalisation and ReLU of a padded batch, each mean as it is written."""
    width = inputs.shape[-1] // layer.groups
    grouped = ops.reshape(inputs, (*inputs.shape[:3], layer.groups, width))
    speech = ops.convert_to_tensor(mask)[:, :, None, None, None]
    cells = ops.maximum(ops.sum(speech, axis=1, keepdims=True), 1) * BANDS * width

    def mean_of(values):
        return ops.sum(values * speech, axis=(1, 2, 4), keepdims=True) / cells

    centred = grouped - mean_of(grouped)
    scaled = centred / ops.sqrt(mean_of(ops.square(centred)) + layer.epsilon)
    scaled = ops.reshape(scaled, inputs.shape)
    return ops.relu(scaled * layer.gamma + layer.beta) * speech[..., 0]


needs_packing = pytest.mark.skipif(not packing.packs(True), reason="needs packing")
FORMS = [lambda values: values, pytest.param(packed, marks=needs_packing)]


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("form", FORMS)
def test_group_gradients_are_those_of_the_definition(wide_batch, form, training):
    inputs, mask = wide_batch
    training = training or form is packed
    layer = group_norm()
    layer.beta.assign(np.linspace(-0.5, 0.5, 6))  # some channels are seldom active
    weight = np.random.default_rng(2).normal(size=inputs.shape).astype("float32")

    def total(call, weight):
        return lambda x: ops.sum(ops.multiply(weight, ops.square(call(x))))

    def call(x):
        return layer(x, form(mask), training=training)

    found = gradients(layer, total(call, form(weight)), form(inputs))
    reference = total(lambda x: by_definition(layer, x, mask), weight)
    expected = gradients(layer, reference, inputs)
    expected[0] = form(expected[0])
    assert all(abs(each).max() > 0.1 for each in expected)
    for result, target in zip(found, expected, strict=True):
        np.testing.assert_allclose(result, target, rtol=1e-4, atol=1e-4)
    assert not found[0][form(mask) == 0].any()


@pytest.mark.parametrize("training", [False, True])
def test_a_large_mean_costs_no_digits(rng, training):
    """Mean 50 and standard deviation 1, in long utterances, against float64."""
    lengths = [400, 250]
    inputs = rng.normal(50.0, 1.0, (2, 400, 32, 16)).astype("float32")
    mask = np.float32(np.arange(400) < np.array(lengths)[:, None])
    layer = SpeechGroupNorm(2, epsilon=1e-3)
    layer.build(inputs.shape)
    found = convert_to_numpy(layer(inputs, mask, training=training))
    for row, length in enumerate(lengths):
        part = inputs[row, :length].astype("float64").reshape(length, 32, 2, 8)
        scaled = part - part.mean((0, 1, 3), keepdims=True)
        scaled /= np.sqrt(part.var((0, 1, 3), keepdims=True) + layer.epsilon)
        expected = np.maximum(scaled, 0).reshape(length, 32, 16)
        np.testing.assert_allclose(found[row, :length], expected, atol=2e-5)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("empty", [[1], [0, 1, 2]])
def test_an_empty_utterance_is_finite(wide_batch, empty, training):
    inputs, mask = wide_batch
    mask[empty] = 0
    layer = group_norm()
    found = convert_to_numpy(layer(inputs, mask, training=training))
    assert np.isfinite(found).all()
    assert (found.any((1, 2, 3)) == mask.any(1)).all()

    def total(x):
        return ops.sum(ops.square(layer(x, mask, training=training)))

    for each in (found := gradients(layer, total, inputs)):
        assert np.isfinite(each).all()
    assert not found[0][mask == 0].any()


def test_groups_must_divide_the_channels():
    with pytest.raises(ValueError, match="multiple of the 4 groups.*Received: 6"):
        group_norm(groups=4)


def test_group_norm_can_be_restored_and_computes_in_float32(wide_batch):
    layer = SpeechGroupNorm(3, epsilon=1e-2, dtype="mixed_bfloat16")
    again = SpeechGroupNorm.from_config(layer.get_config())
    assert (again.groups, again.epsilon) == (3, 1e-2)
    whole = SpeechGroupNorm(3, epsilon=1e-2)
    inputs, mask = wide_batch
    inputs = convert_to_numpy(ops.cast(ops.cast(inputs, "bfloat16"), "float32"))
    for training in (False, True):
        half = again(inputs, mask, training=training)
        assert keras.backend.standardize_dtype(half.dtype) == "bfloat16"
        expected = ops.cast(whole(inputs, mask, training=training), "bfloat16")
        np.testing.assert_array_equal(*map(as_float32, (half, expected)))
    assert all(weight.dtype == "float32" for weight in again.weights)


def test_group_gradients_are_float32_in_half_precision(wide_batch):
    inputs, mask = wide_batch
    half, whole = SpeechGroupNorm(3, dtype="mixed_bfloat16"), SpeechGroupNorm(3)
    for layer in (half, whole):
        layer.build(inputs.shape)

    def total(layer):
        def function(x):
            output = layer(x, mask, training=True)
            return ops.sum(ops.cast(ops.cast(output, "bfloat16"), "float32"))

        return function

    inputs = convert_to_numpy(ops.cast(ops.cast(inputs, "bfloat16"), "float32"))
    found, expected = (gradients(each, total(each), inputs) for each in (half, whole))
    for result, target in zip(found[1:], expected[1:], strict=True):
        assert result.dtype == "float32"
        np.testing.assert_allclose(result, target, rtol=1e-6)
    np.testing.assert_allclose(found[0], expected[0], atol=0.01)


def as_float32(values):
    return convert_to_numpy(ops.cast(values, "float32"))
