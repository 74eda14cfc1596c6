"""Time of a training step on packed batches compared with padded ones.

One CPU thread, TensorFlow, preset `small`. Batches have 16 utterances. Their lengths
are drawn with the mean and standard deviation of EMO-DB's four classes or RAVDESS's. A
third kind of batch has 32 utterances: 16 like EMO-DB's and 16 like LibriSpeech's, cut
to 7.5 s, as MTL-AUG has them with unlabelled speech. Each round times both steps once.
The table shows the median CPU times.

Command: python benchmarks/packing.py [--rounds 7] [--keep]
"""

import os
import time

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import keras
import numpy as np
import tables

from keras_ser import backend
from keras_ser.layers import packing
from keras_ser.models import BASELINE, MTLAug

CLASSES = ("anger", "happiness", "neutral", "sadness")
SECONDS = {  # (rows, mean, standard deviation) of the lengths
    "EMO-DB": [(16, 2.81, 1.06)],
    "RAVDESS": [(16, 3.70, 0.31)],
    "EMO-DB and LibriSpeech": [(16, 2.81, 1.06), (16, 7.06, 1.23)],
}
MODELS = {"baseline": BASELINE, "MTL-AUG": {}}


def batch(rng, parts) -> np.ndarray:
    """Random features with random lengths up to 7.5 s, and zeros as padding."""
    drawn = [rng.normal(mean, std, rows) for rows, mean, std in parts]
    frames = (100 * np.clip(np.concatenate(drawn), 1.2, 7.5)).astype(int)
    features = rng.normal(size=(len(frames), frames.max(), 128)).astype("float32")
    features[np.arange(frames.max()) >= frames[:, None]] = 0
    return features


def step(arguments, features, packed: bool):
    """A training step, traced with or without packing."""
    model = MTLAug(CLASSES, **arguments)
    model.compile(keras.optimizers.Adam(1e-3), **model.objective())
    rows = np.arange(len(features))
    classes = np.eye(4, dtype="float32")[rows % 4]
    labels = dict.fromkeys(("emotion", "center", "augmentation"), classes)
    labels["reconstruction"] = features
    labels = {head: labels[head] for head in model.heads}
    weights = dict.fromkeys(model.heads, np.ones(len(rows), "float32"))

    def run():
        model.train_on_batch(features, labels, weights)

    decide = packing.packs
    if not packed:
        packing.packs = lambda training: False
    try:
        run()
    finally:
        packing.packs = decide
    return run


def main() -> None:
    options = tables.make_parser(__doc__, rounds=7).parse_args()
    backend.set_threads(1)
    rng = np.random.default_rng(0)
    rows = []
    for lengths, parts in SECONDS.items():
        features = batch(rng, parts)
        share = np.any(features, axis=-1).mean()
        for name, arguments in MODELS.items():
            runs = {
                "padded": step(arguments, features, packed=False),
                "packed": step(arguments, features, packed=True),
            }
            times = tables.time_interleaved(runs, options.rounds, time.process_time)
            medians = [f"{1e3 * np.median(times[each]):.0f}" for each in runs]
            ratio = tables.median_ratio(times["packed"], times["padded"])
            row = f"{name}, lengths of {lengths}"
            rows.append((row, f"{100 * share:.0f} %", *medians, f"{ratio:.2f}"))
    header = [
        "step",
        "speech in the batch",
        "padded, ms of CPU time",
        "packed",
        "ratio",
    ]
    table = tables.format_table(header, rows)
    tables.show("packing", table, options, ["keras", "tensorflow"])


if __name__ == "__main__":
    main()
