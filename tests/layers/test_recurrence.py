"""The loop that goes on with the longer half of a batch gives what one loop gives."""

import numpy as np
import pytest

from keras_ser.layers import BLSTM, LSTM, packing

UNITS, FEATURES = 4, 6
LENGTHS = [
    [9, 3, 7, 1, 4],  # of an odd batch, and not in the order of the loop
    [6, 2, 2, 2],  # one long row in the longer half
    [5, 5, 5],  # no later steps
    [2],
    [1, 1],
]


@pytest.mark.skipif(
    not packing.is_tensorflow_on_cpu(), reason="other devices do not pack"
)
@pytest.mark.parametrize("padding", [0, 3])
@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("kind", [BLSTM, LSTM])
def test_outputs_and_gradients_are_those_of_all_rows(kind, lengths, padding, rng):
    layer = kind(UNITS, pack=True)
    shape = (len(lengths), max(lengths) + padding, FEATURES)
    sequence = rng.normal(size=shape).astype("float32")
    layer.build(shape)
    lengths = np.array(lengths, "int32")
    found = []
    for training in (False, True):  # packs in training only
        found.append(states_and_gradients(layer, sequence, lengths, training))
    for expected, value in zip(*found, strict=True):
        np.testing.assert_allclose(value, expected, atol=2e-5)


def states_and_gradients(layer, sequence, lengths, training):
    import tensorflow as tf

    sequence = tf.constant(sequence)
    tensors = [sequence, *(weight.value for weight in layer.trainable_variables)]
    with tf.GradientTape() as tape:
        tape.watch(sequence)
        states = layer(sequence, lengths=lengths, training=training)
        score = tf.reduce_sum(tf.sin(states))
    return [each.numpy() for each in (states, *tape.gradient(score, tensors))]


@pytest.mark.skipif(
    not packing.is_tensorflow_on_cpu(), reason="other devices do not pack"
)
def test_an_unknown_batch_and_time_can_be_traced(rng):
    import tensorflow as tf

    layer = BLSTM(UNITS, pack=True)
    layer.build((None, None, FEATURES))

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, None, FEATURES]),
            tf.TensorSpec([None], tf.int32),
        ],
        autograph=False,
    )
    def train(sequence, lengths):
        with tf.GradientTape() as tape:
            tape.watch(sequence)
            score = tf.reduce_sum(layer(sequence, lengths=lengths, training=True))
        return tape.gradient(score, sequence)

    for lengths in LENGTHS:
        shape = (len(lengths), max(lengths), FEATURES)
        sequence = rng.normal(size=shape).astype("float32")
        gradient = train(tf.constant(sequence), tf.constant(lengths, tf.int32)).numpy()
        assert np.isfinite(gradient).all()
        for row, length in zip(gradient, lengths, strict=True):
            assert np.any(row[:length], axis=-1).all()
            assert not row[length:].any()
