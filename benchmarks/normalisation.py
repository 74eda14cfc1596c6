"""Time of the normalisation layers compared with plain ones, forward and backward.

One CPU thread, TensorFlow, with the shapes in which MTL-AUG (preset `small`, batch of
16, 4.8 s) uses them. `SpeechBatchNorm` is compared with Keras's masked batch
normalisation and ReLU, on padded batches. `SpeechGroupNorm` is compared with the
equations written out, whose gradient is left to TensorFlow, and with `SpeechBatchNorm`,
on the same utterances end to end, as training has them. Then training steps of whole
networks with either are compared. Each round times all once, so that a slow phase of
the machine affects all. The tables show the median CPU times.

Command: python benchmarks/normalisation.py [--rounds 9] [--keep]
"""

import os
import time

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import keras
import numpy as np
import packing
import tables
import tensorflow as tf

from keras_ser import backend
from keras_ser.layers import SpeechBatchNorm, SpeechGroupNorm, padding

SHAPES = (  # (batch, time, bands, channels)
    (16, 240, 64, 16),
    (16, 120, 32, 32),
    (16, 60, 16, 32),
)
GAP = 2  # frames between utterances that are laid end to end


def lengths(shape):
    """Lengths of the utterances, from 0.4 times the longest to the longest."""
    return (np.linspace(0.4, 1, shape[0]) * shape[1]).astype("int32")


def speech_norm(layer, shape, mask):
    layer.build(shape)
    return layer, lambda inputs: layer(inputs, mask, training=True)


def keras_batch(shape, mask):
    layer = keras.layers.BatchNormalization()
    layer.build(shape)
    cells = tf.broadcast_to(mask[:, :, None], shape[:3])

    def call(inputs):
        output = layer(inputs, training=True, mask=cells)
        return tf.nn.relu(output) * mask[:, :, None, None]

    return layer, call


def plain_group(shape, mask):
    """The equations of `SpeechGroupNorm` for utterances that are laid end to end."""
    layer = SpeechGroupNorm()
    layer.build(shape)
    _, time, bands, channels = shape
    count = 1 + np.sum(np.diff(mask[0]) > 0)
    starts = np.diff(mask[0], prepend=0) > 0
    owner = tf.constant(np.where(mask[0] > 0, np.cumsum(starts) - 1, count))
    frames = tf.math.unsorted_segment_sum(mask[0], owner, count + 1)
    width = channels // layer.groups
    cells = tf.maximum(frames, 1.0)[:, None] * bands * width

    def mean_of(values):
        sums = tf.reduce_sum(values, (1, 3))  # (time, groups)
        means = tf.math.unsorted_segment_sum(sums, owner, count + 1) / cells
        return tf.gather(means, owner)[:, None, :, None]

    def call(inputs):
        grouped = tf.reshape(inputs, (time, bands, layer.groups, width))
        centred = grouped - mean_of(grouped)
        std = tf.sqrt(mean_of(tf.square(centred)) + layer.epsilon)
        scaled = tf.reshape(centred / std, shape)
        output = tf.nn.relu(scaled * layer.gamma.value + layer.beta.value)
        return output * mask[:, :, None, None]

    return layer, call


def step(layer, call):
    @tf.function(autograph=False)
    def gradients(inputs):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            loss = tf.reduce_sum(tf.square(call(inputs)))
        return tape.gradient(loss, [inputs, layer.gamma.value, layer.beta.value])

    return gradients


def run(gradients, inputs):
    return lambda: gradients(inputs)[0].numpy()  # wait for the result


def measure(candidates, shape, options):
    """The times of each candidate, a layer and its call, on random inputs."""
    inputs = tf.random.normal(shape)
    runs = {name: run(step(*each), inputs) for name, each in candidates.items()}
    return tables.time_interleaved(runs, options.rounds, time.process_time)


def table_of(measured, others, ours):
    """Median times of all, and how many times as fast as each of the others ours is."""
    names = [*others, ours]
    rows = []
    for shape, times in measured.items():
        medians = [f"{1e3 * np.median(times[name]):.1f}" for name in names]
        ratios = [tables.median_ratio(times[ours], times[name]) for name in others]
        rows.append((shape, *medians, *(f"{ratio:.1f}" for ratio in ratios)))
    heads = [f"{others[0]}, ms of CPU time", *names[1:]]
    ratios = ["ratio"] if len(others) == 1 else [f"ratio to {name}" for name in others]
    return tables.format_table(["shape", *heads, *ratios], rows)


def batch_table(options):
    measured = {}
    for shape in SHAPES:
        mask = padding.make_mask(tf.constant(lengths(shape)), shape[1])
        candidates = {
            "Keras": keras_batch(shape, mask),
            "SpeechBatchNorm": speech_norm(SpeechBatchNorm(), shape, mask),
        }
        measured[shape] = measure(candidates, shape, options)
    return table_of(measured, ["Keras"], "SpeechBatchNorm")


def group_table(options):
    measured = {}
    for shape in SHAPES:
        pieces = [np.repeat((1, 0), (frames, GAP)) for frames in lengths(shape)]
        mask = np.float32(np.concatenate(pieces))[None]
        packed = (*mask.shape, *shape[2:])
        candidates = {
            "plain": plain_group(packed, mask),
            "SpeechBatchNorm": speech_norm(SpeechBatchNorm(), packed, mask),
            "SpeechGroupNorm": speech_norm(SpeechGroupNorm(), packed, mask),
        }
        measured[shape] = measure(candidates, packed, options)
    return table_of(measured, ["plain", "SpeechBatchNorm"], "SpeechGroupNorm")


def step_table(options):
    """Training steps of the networks of benchmarks/packing.py, at EMO-DB's lengths."""
    features = packing.batch(np.random.default_rng(0), packing.SECONDS["EMO-DB"])
    rows = []
    for name, arguments in packing.MODELS.items():
        steps = {
            kind: packing.step({**arguments, "normalisation": kind}, features, True)
            for kind in ("batch", "group")
        }
        times = tables.time_interleaved(steps, options.rounds, time.process_time)
        medians = [f"{1e3 * np.median(each):.0f}" for each in times.values()]
        ratio = tables.median_ratio(times["group"], times["batch"])
        rows.append((name, *medians, f"{ratio:.2f}"))
    heads = ["training step", "batch, ms of CPU time", "group", "ratio"]
    return tables.format_table(heads, rows)


def main() -> None:
    options = tables.make_parser(__doc__, rounds=9).parse_args()
    backend.set_threads(1)
    makers = (batch_table, group_table, step_table)
    text = "\n\n".join(make(options) for make in makers)
    tables.show("normalisation", text, options, ["keras", "tensorflow"])


if __name__ == "__main__":
    main()
