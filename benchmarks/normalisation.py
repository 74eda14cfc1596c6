"""Time of `SpeechBatchNorm` against Keras's masked batch normalisation, with ReLU.

One thread on a CPU, TensorFlow, forward and backward, in the four shapes in which
MTL-AUG (preset `small`, batch 16, 4.8 s) uses it. Each round times both once, so that a
slow spell of the machine meets both; the table has the medians of CPU time.

    python benchmarks/normalisation.py [--rounds 9]
"""

import argparse
import os
import time

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import keras
import numpy as np
import tensorflow as tf

from keras_ser import backend, padding
from keras_ser.layers import SpeechBatchNorm

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


def milliseconds(gradients, inputs) -> float:
    start = time.process_time()
    gradients(inputs)[0].numpy()  # waits for the result
    return 1e3 * (time.process_time() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    backend.set_threads(1)
    print("| shape | Keras, ms | SpeechBatchNorm, ms | ratio |\n|---|---:|---:|---:|")
    for shape in SHAPES:
        lengths = np.linspace(0.4, 1, shape[0]) * shape[1]
        mask = padding.mask(tf.cast(lengths, "int32"), shape[1])
        inputs = tf.random.normal(shape)
        steps = [step(make, shape, mask) for make in (reference, ours)]
        for each in (*steps, *steps):  # traces, then warms up
            each(inputs)
        times = [[milliseconds(each, inputs) for each in steps] for _ in range(rounds)]
        keras_time, our_time = np.median(times, axis=0)
        ratio = keras_time / our_time
        print(f"| {shape} | {keras_time:.1f} | {our_time:.1f} | {ratio:.1f} |")


if __name__ == "__main__":
    main()
