"""Speed of MTL-AUG's training steps with and without TensorFlow's oneDNN kernels.

TensorFlow reads the setting when it is loaded, so each setting runs in its own process.
The processes alternate.

Command: python benchmarks/onednn.py [--rounds 5] [--keep]
"""

import os
import statistics
import subprocess
import sys
import time

import tables

ROWS, FRAMES, BANDS, STEPS = 16, 480, 128, 6


def steps_per_second() -> float:
    """Training steps per second: preset `small`, 16 rows of 4.8 s, one thread."""
    import keras
    import numpy as np
    import tensorflow as tf

    from keras_ser import backend, models

    backend.set_threads(1)
    model = models.MTLAug(tuple("abcd"), dimensions=BANDS)
    model.compile(keras.optimizers.Adam(1e-3), **model.objective())
    features = np.random.default_rng(0).normal(size=(ROWS, FRAMES, BANDS))
    features = features.astype("float32")
    labels = np.eye(4, dtype="float32")[np.arange(ROWS) % 4]
    targets = {head: labels for head in ("emotion", "center", "augmentation")}
    targets["reconstruction"] = features
    batch = (features, targets, {head: np.ones(ROWS, "float32") for head in targets})
    data = tf.data.Dataset.from_tensors(batch).repeat()
    model.fit(data, steps_per_epoch=1, verbose=0, shuffle=False)  # trace the graph
    started = time.perf_counter()
    model.fit(data, steps_per_epoch=STEPS, verbose=0, shuffle=False)
    return STEPS / (time.perf_counter() - started)


def measure(setting: str) -> float:
    """Training steps per second with this value of `TF_ENABLE_ONEDNN_OPTS`."""
    environment = {**os.environ, "TF_ENABLE_ONEDNN_OPTS": setting}
    done = subprocess.run(
        [sys.executable, __file__, "--child"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout.split()[-1])


def main() -> None:
    parser = tables.make_parser(__doc__)
    parser.add_argument(
        "--child", action="store_true", help="measure once in this process"
    )
    options = parser.parse_args()
    if options.child:
        print(steps_per_second())
        return
    rounds = [(measure("0"), measure("1")) for _ in range(options.rounds)]
    without, using = (statistics.median(column) for column in zip(*rounds, strict=True))
    ratio = statistics.median(one / other for other, one in rounds)
    row = [f"{ROWS * without:.1f}", f"{ROWS * using:.1f}", f"{ratio:.2f}"]
    table = tables.format_table(["rows/s without oneDNN", "with", "ratio"], [row])
    tables.show("onednn", table, options, ["keras", "tensorflow"])


if __name__ == "__main__":
    main()
