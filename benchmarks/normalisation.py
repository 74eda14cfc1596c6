"""Time of `SpeechBatchNorm` compared with Keras's masked batch normalisation and ReLU.

One CPU thread, TensorFlow, forward and backward, with the four shapes in which MTL-AUG
(preset `small`, batch of 16, 4.8 s) uses the layer. Each round times both once, so that
a slow phase of the machine affects both. The table shows the median CPU times.

Command: python benchmarks/normalisation.py [--rounds 9] [--keep]
"""

import os
import time

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import keras
import numpy as np
import tables
import tensorflow as tf

from keras_ser import backend
from keras_ser.layers import SpeechBatchNorm, padding

SHAPES = (  # (batch, time, bands, channels)
    (16, 240, 64, 16),
    (16, 120, 32, 32),
    (16, 60, 16, 32),
    (16, 120, 32, 32),
)


def ours(shape, mask):
    layer = SpeechBatchNorm()
    layer.build(shape)
    return layer, lambda inputs: layer(inputs, mask, training=True)


def reference(shape, mask):
    layer = keras.layers.BatchNormalization()
    layer.build(shape)
    cells = tf.broadcast_to(mask[:, :, None], shape[:3])

    def call(inputs):
        output = layer(inputs, training=True, mask=cells)
        return tf.nn.relu(output) * mask[:, :, None, None]

    return layer, call


def step(make, shape, mask):
    layer, call = make(shape, mask)

    @tf.function(autograph=False)
    def gradients(inputs):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            loss = tf.reduce_sum(tf.square(call(inputs)))
        return tape.gradient(loss, [inputs, layer.gamma.value, layer.beta.value])

    return gradients


def run(gradients, inputs):
    return lambda: gradients(inputs)[0].numpy()  # wait for the result


def main() -> None:
    options = tables.make_parser(__doc__, rounds=9).parse_args()
    backend.set_threads(1)
    rows = []
    for shape in SHAPES:
        lengths = np.linspace(0.4, 1, shape[0]) * shape[1]
        mask = padding.make_mask(tf.cast(lengths, "int32"), shape[1])
        inputs = tf.random.normal(shape)
        makers = {"theirs": reference, "ours": ours}
        runs = {k: run(step(make, shape, mask), inputs) for k, make in makers.items()}
        for each in runs.values():  # trace
            each()
        times = tables.time_interleaved(runs, options.rounds, time.process_time)
        medians = [f"{1e3 * np.median(times[name]):.1f}" for name in makers]
        ratio = tables.median_ratio(times["ours"], times["theirs"])
        rows.append((shape, *medians, f"{ratio:.1f}"))
    header = ["shape", "Keras, ms of CPU time", "SpeechBatchNorm", "ratio"]
    table = tables.format_table(header, rows)
    tables.show("normalisation", table, options, ["keras", "tensorflow"])


if __name__ == "__main__":
    main()
