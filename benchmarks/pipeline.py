"""Rate of the augmentation pipeline compared with the training that it feeds.

The pipeline reads utterances of 7.5 s from a cache on disk, applies all augmentations
and makes batches of 16. The training is MTL-AUG with all heads on batches in memory. It
uses preset `small`, the faster one, for which the ratio is harder to reach. Targets:
1,000 utterances per second on two cores, and five times the training rate.

Command: python benchmarks/pipeline.py [--utterances 500] [--rounds 5] [--keep]
Cost: two minutes, and 0.3 GB in a temporary folder.
"""

import os
import tempfile

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import corpus
import keras
import numpy as np
import tables

from keras_ser.data import Pipeline
from keras_ser.models import MTLAug

BATCHES = 40  # of the pipeline per round
STEPS = 3  # of training per round
BATCH = 16


def main() -> None:
    parser = tables.make_parser(__doc__)
    parser.add_argument("--utterances", type=int, default=500, help="in the corpus")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        times = measure(folder, options)
    rows = {"pipeline": BATCHES * BATCH, "training": STEPS * BATCH}
    rates = {name: count / np.median(times[name]) for name, count in rows.items()}
    ratio = tables.median_ratio(
        np.array(times["pipeline"]) / rows["pipeline"],
        np.array(times["training"]) / rows["training"],
    )
    table = tables.format_table(
        ["pipeline, utterances/s", "training, utterances/s", "ratio"],
        [(f"{rates['pipeline']:.0f}", f"{rates['training']:.1f}", f"{ratio:.0f}")],
    )
    tables.show("pipeline", table, options, ["keras", "tensorflow"])


def measure(folder, options) -> dict:
    fold = corpus.make_fold(options.utterances)
    store = corpus.make_store(folder, fold.sides().values())
    data = Pipeline(fold, store, augment=corpus.AUGMENT, batch=BATCH, progress=False)
    batches = iter(data.train(0, 10**6))
    model = MTLAug(fold.classes, data.types, preset="small")
    model.compile(keras.optimizers.Adam(1e-3), **model.objective())
    ready = [next(batches) for _ in range(STEPS)]
    candidates = {
        "pipeline": lambda: [next(batches) for _ in range(BATCHES)],
        "training": lambda: [model.train_on_batch(*batch) for batch in ready],
    }
    return tables.time_interleaved(candidates, options.rounds)


if __name__ == "__main__":
    main()
