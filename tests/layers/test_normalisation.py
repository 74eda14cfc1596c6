"""`SpeechBatchNorm` against Keras's own batch normalisation of the speech alone."""

import keras
import numpy as np
import pytest

from keras_ser.layers import SpeechBatchNorm

BATCH, TIME, BANDS, CHANNELS = 3, 6, 4, 5
LENGTHS = (6, 4, 1)


@pytest.fixture
def batch(rng):
    """Values far from zero mean, and the mask of unpadded frames."""
    inputs = rng.normal(3.0, 2.0, (BATCH, TIME, BANDS, CHANNELS)).astype("float32")
    mask = np.float32([[t < n for t in range(TIME)] for n in LENGTHS])
    return inputs, mask


def pair():
    """Ours and Keras's, of equal random weights."""
    rng = np.random.default_rng(1)
    ours, reference = SpeechBatchNorm(), keras.layers.BatchNormalization()
    for layer in (ours, reference):
        layer.build((None, None, BANDS, CHANNELS))
    ours.set_weights([rng.uniform(0.5, 1.5, CHANNELS) for _ in range(4)])
    reference.set_weights(ours.get_weights())
    return ours, reference


def speech(inputs, mask):
    """The unpadded frames of all utterances, as one."""
    return inputs[mask > 0][None]


@pytest.mark.parametrize("training", [False, True])
def test_speech_is_normalised_as_if_there_were_no_padding(batch, training):
    inputs, mask = batch
    ours, reference = pair()
    output = np.array(ours(inputs, mask, training=training))
    expected = np.array(reference(speech(inputs, mask), training=training))
    np.testing.assert_allclose(speech(output, mask), np.maximum(expected, 0), atol=1e-5)
    assert (output[mask == 0] == 0).all()
    for got, wanted in zip(ours.get_weights(), reference.get_weights(), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-5)


def test_gradients_are_those_of_the_definition(batch):
    tf = pytest.importorskip("tensorflow")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("takes TensorFlow's gradient tape")
    inputs, mask = batch
    weight = np.random.default_rng(2).normal(size=inputs.shape).astype("float32")
    ours, reference = pair()
    found = []
    for layer in (ours, reference):
        x = tf.constant(inputs)
        with tf.GradientTape() as tape:
            tape.watch(x)
            if layer is ours:
                output = layer(x, mask, training=True)
            else:
                cells = np.broadcast_to(mask[..., None], (BATCH, TIME, BANDS))
                output = layer(x, mask=cells, training=True)
                output = tf.nn.relu(output) * mask[:, :, None, None]
            loss = tf.reduce_sum(weight * output**2)
        found.append(tape.gradient(loss, [x, layer.gamma.value, layer.beta.value]))
    for got, wanted in zip(*found, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-3, atol=1e-3)


def test_a_batch_of_padding_alone_changes_nothing_and_has_no_gradient(batch):
    tf = pytest.importorskip("tensorflow")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("takes TensorFlow's gradient tape")
    ours, _ = pair()
    before = ours.get_weights()
    x, mask = tf.constant(batch[0]), np.zeros_like(batch[1])
    with tf.GradientTape() as tape:
        tape.watch(x)
        output = ours(x, mask, training=True)
        loss = tf.reduce_sum(output)
    assert not np.any(output)
    for each in tape.gradient(loss, [x, ours.gamma.value, ours.beta.value]):
        assert (np.array(each) == 0).all()
    for got, wanted in zip(ours.get_weights(), before, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-6)


def test_frozen_layer_keeps_its_moments(batch):
    ours, _ = pair()
    ours.trainable = False
    before = ours.get_weights()
    ours(*batch, training=True)
    for got, wanted in zip(ours.get_weights(), before, strict=True):
        np.testing.assert_array_equal(got, wanted)


def test_half_precision_takes_its_moments_in_single(batch):
    inputs, mask = batch
    single, _ = pair()
    half = SpeechBatchNorm(dtype="mixed_bfloat16")
    half.build((None, None, BANDS, CHANNELS))
    half.set_weights(single.get_weights())
    inputs = np.array(keras.ops.cast(keras.ops.cast(inputs, "bfloat16"), "float32"))
    half(inputs, mask, training=True)
    single(inputs, mask, training=True)
    for got, wanted in zip(half.get_weights(), single.get_weights(), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-5)
