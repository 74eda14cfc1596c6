"""Time of `BLSTM` compared with Keras's `Bidirectional(LSTM)`, forward and backward.

One CPU thread, TensorFlow, and 16 sequences of different lengths, with up to 94 steps
and 512 features (the output of MTL-AUG's encoder for 7.5 s). Each round times every
layer once, so that a slow phase of the machine affects all of them. The table shows the
median CPU time over the rounds.

Command: python benchmarks/blstm.py [--rounds 9] [--jit] [--keep]
Cost: two minutes.
"""

import time

import keras
import numpy as np
import tables
import tensorflow as tf

from keras_ser.layers.blstm import BLSTM

BATCH, TIME, FEATURES = 16, 94, 512
BASELINE = "Bidirectional(LSTM), mask"


def candidates(units, lengths):
    """From name to layer and call arguments; all layers have the same weights."""
    mask = tf.sequence_mask(lengths, TIME)
    reference = keras.layers.Bidirectional(
        keras.layers.LSTM(units, return_sequences=True)
    )
    reference.build((BATCH, TIME, FEATURES))
    layers = {
        BASELINE: (reference, {"mask": mask}),
        "Bidirectional(LSTM), no mask": (reference, {}),
    }
    for implementation in ("standard", "fused"):
        layer = BLSTM(units, implementation=implementation)
        layer.build((BATCH, TIME, FEATURES))
        layer.set_weights(reference.get_weights())
        layers[f'BLSTM, "{implementation}"'] = (layer, {"lengths": lengths})
    return layers


def training_step(layer, arguments, jit):
    """A compiled function from a batch to the gradients of its input and weights."""

    @tf.function(jit_compile=jit, autograph=False)
    def step(sequence):
        with tf.GradientTape() as tape:
            tape.watch(sequence)
            loss = tf.reduce_sum(tf.square(layer(sequence, **arguments)))
        weights = [weight.value for weight in layer.trainable_weights]
        return tape.gradient(loss, [sequence, *weights])

    return step


def measure(units, options):
    """The seconds of each round, by the layer's name."""
    sequence = tf.random.normal((BATCH, TIME, FEATURES))
    lengths = tf.constant(np.random.randint(60, TIME + 1, BATCH), "int32")
    steps = {
        name: training_step(layer, arguments, options.jit)
        for name, (layer, arguments) in candidates(units, lengths).items()
    }
    runs = {name: run(step, sequence) for name, step in steps.items()}
    for each in runs.values():  # trace
        each()
    return tables.time_interleaved(runs, options.rounds, time.process_time)


def run(step, sequence):
    return lambda: step(sequence)[-1].numpy()  # wait for the result


def main():
    parser = tables.make_parser(__doc__, rounds=9)
    parser.add_argument("--jit", action="store_true", help="compile with XLA")
    options = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    keras.utils.set_random_seed(0)
    rows = []
    for units in (128, 256):
        times = measure(units, options)
        for name, values in times.items():
            ratio = tables.median_ratio(values, times[BASELINE])
            median = 1e3 * np.median(values)
            rows.append((f"{name}, {units} units", f"{median:.0f}", f"{ratio:.2f}"))
    header = ["layer", "ms of CPU time", "times as fast"]
    table = tables.format_table(header, rows)
    tables.show("blstm", table, options, ["keras", "tensorflow"])


if __name__ == "__main__":
    main()
