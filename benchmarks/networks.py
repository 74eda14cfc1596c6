"""Time of a training step of every network compared with that of the CNN-BLSTM.

One CPU thread, TensorFlow, and batches of 16 windows. Their lengths are drawn with the
mean and standard deviation of EMO-DB's four classes and cut at 2.56 s, the window of
the DenseNets. Each round times a few steps of every network, so that a slow phase of
the machine affects all of them. The table shows the median CPU times over the rounds.
An epoch has 29 steps, as with EMO-DB, two rows per utterance and 16 rows per batch.

Command: python benchmarks/networks.py [--preset paper] [--rounds 5] [--keep]
Cost: about two minutes for preset `small`.
"""

import os
import time
from collections.abc import Callable

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import keras
import numpy as np
import packing
import tables
import variants

from keras_ser import backend

BATCH, STEPS_PER_EPOCH = 16, 29
LENGTHS = (BATCH, *packing.SECONDS["EMO-DB"][0][1:])


def main() -> None:
    options = _parse()
    backend.set_threads(1)
    features = make_batch(options.seconds)
    chosen = find_variants(options.networks.split(","), options.preset)
    runs, sizes = {}, {}
    for variant in chosen:
        model = variant.build()
        sizes[variant.name] = f"{sum(map(_size, model.trainable_variables)):,}"
        runs[variant.name] = training(model, features, options.steps)
    times = tables.time_interleaved(runs, options.rounds, time.process_time)
    rows = [
        (f"`{name}`", sizes[name], *_cells(times, name, options.steps)) for name in runs
    ]
    header = [
        "network",
        "parameters",
        "ms of CPU time per step",
        "s per epoch",
        f"time relative to `{variants.BASELINE}`",
    ]
    table = tables.format_table(header, rows)
    setup = f"Preset `{options.preset}`, windows of at most {options.seconds:g} s."
    packages = ["keras", "tensorflow"]
    tables.show(f"networks_{options.preset}", f"{table}\n\n{setup}", options, packages)


def _parse():
    parser = tables.make_parser(__doc__)
    parser.add_argument("--preset", default="small", choices=variants.PRESETS)
    parser.add_argument("--steps", type=int, default=2, help="steps per round")
    parser.add_argument("--seconds", type=float, default=2.56, help="longest window")
    parser.add_argument(
        "--networks", default=",".join(variants.every_name()), help="with commas"
    )
    return parser.parse_args()


def find_variants(names: list[str], preset: str) -> list[variants.Variant]:
    """The networks in a preset, the baseline first; those without presets as they are.

    Args:
        names: As for `variants.list_variants`.
        preset: The name of the preset.
    """
    others = [name for name in names if name != variants.BASELINE]
    listed = [
        variant
        for name in [variants.BASELINE, *others]
        for variant in variants.list_variants(name)
    ]
    return [each for each in listed if each.preset in (preset, "")]


def make_batch(seconds: float) -> np.ndarray:
    """Features of 16 windows with the lengths of EMO-DB, up to a number of seconds."""
    features = packing.batch(np.random.default_rng(0), [LENGTHS])
    return features[:, : round(100 * seconds)]


def training(model: keras.Model, features: np.ndarray, steps: int) -> Callable:
    """A function that trains a model for some steps on the same batch."""
    model.compile(keras.optimizers.Adam(1e-3), **model.objective())
    rows = np.arange(len(features))
    labels = {
        task.name: np.eye(task.size, dtype="float32")[rows % task.size]
        if task.size
        else features
        for task in model.tasks
    }
    weights = dict.fromkeys(labels, np.ones(len(rows), "float32"))

    def run():
        for _ in range(steps):
            model.train_on_batch(features, labels, weights)

    return run


def _cells(times: dict, name: str, steps: int) -> tuple[str, str, str]:
    seconds = np.median(times[name]) / steps
    ratio = tables.median_ratio(times[variants.BASELINE], times[name])
    return f"{1e3 * seconds:.0f}", f"{STEPS_PER_EPOCH * seconds:.1f}", f"{ratio:.2f}"


def _size(variable: keras.Variable) -> int:
    return int(np.prod(variable.shape))


if __name__ == "__main__":
    main()
