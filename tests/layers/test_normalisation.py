"""`SpeechBatchNorm` against Keras's batch normalisation of only the speech."""

import keras
import numpy as np
import pytest
from keras import ops
from keras.ops import convert_to_numpy

from keras_ser import backend
from keras_ser.layers import SpeechBatchNorm

BATCH, TIME, BANDS, CHANNELS = 3, 6, 4, 5
LENGTHS = (6, 4, 1)


@pytest.fixture
def batch(rng):
    """Values whose mean is far from zero, and the mask of unpadded frames."""
    inputs = rng.normal(3.0, 2.0, (BATCH, TIME, BANDS, CHANNELS)).astype("float32")
    mask = np.float32([[t < n for t in range(TIME)] for n in LENGTHS])
    return inputs, mask


def pair():
    """Our layer and Keras's, with equal random weights."""
    rng = np.random.default_rng(1)
    ours, reference = SpeechBatchNorm(), keras.layers.BatchNormalization()
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
