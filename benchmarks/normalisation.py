"""Time of `SpeechBatchNorm` against Keras's masked batch normalisation, with ReLU.

One thread on a CPU, TensorFlow, forward and backward, in the four shapes in which
MTL-AUG (preset `small`, batch 16, 4.8 s) uses it. Each round times both once, so that a
slow spell of the machine meets both; the table has the medians of CPU time.

    python benchmarks/normalisation.py [--rounds 9] [--keep]
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

SHAPES = ((16, 240, 64, 16), (16, 120, 32, 32), (16, 60, 16, 32), (16, 120, 32, 32))


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
    return lambda: gradients(inputs)[0].numpy()  # waits for the result


def main() -> None:
    options = tables.parser(__doc__, rounds=9).parse_args()
    backend.set_threads(1)
    rows = []
    for shape in SHAPES:
        lengths = np.linspace(0.4, 1, shape[0]) * shape[1]
        mask = padding.mask(tf.cast(lengths, "int32"), shape[1])
        inputs = tf.random.normal(shape)
        makers = {"theirs": reference, "ours": ours}
        runs = {k: run(step(make, shape, mask), inputs) for k, make in makers.items()}
        for each in runs.values():  # traces
            each()
        times = tables.interleaved(runs, options.rounds, time.process_time)
        medians = [f"{1e3 * np.median(times[name]):.1f}" for name in makers]
        ratio = tables.ratio(times["ours"], times["theirs"])
        rows.append((shape, *medians, f"{ratio:.1f}"))
    header = ["shape", "Keras, ms of CPU time", "SpeechBatchNorm", "ratio"]
    table = tables.markdown(header, rows)
    tables.show("normalisation", table, options, ["keras", "tensorflow"])


if __name__ == "__main__":
    main()
