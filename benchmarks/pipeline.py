"""Rate of the augmentation pipeline, against the training that it feeds.

Utterances of 7.5 s under all augmentations, batch 16, from a cache on disk. The
training is MTL-AUG with all heads on batches that are there already, preset `small`,
the lighter one, so that the ratio is the harder of the two. Targets: 1,000 utterances a
second on two cores, and five times the training rate.

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

BATCHES = 40  # of the pipeline a round
STEPS = 3  # of training a round
BATCH = 16


def main() -> None:
    parser = tables.parser(__doc__)
    parser.add_argument("--utterances", type=int, default=500)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        times = measure(folder, options)
    rows = {"pipeline": BATCHES * BATCH, "training": STEPS * BATCH}
    rates = {name: count / np.median(times[name]) for name, count in rows.items()}
    ratio = tables.ratio(
        np.array(times["pipeline"]) / rows["pipeline"],
        np.array(times["training"]) / rows["training"],
    )
    table = tables.markdown(
        ["pipeline, utterances/s", "training, utterances/s", "ratio"],
        [(f"{rates['pipeline']:.0f}", f"{rates['training']:.1f}", f"{ratio:.0f}")],
    )
    tables.show("pipeline", table, options, ["keras", "tensorflow"])


def measure(folder, options) -> dict:
    fold = corpus.fold(options.utterances)
    store = corpus.store(folder, fold.sides().values())
    data = Pipeline(fold, store, augment=corpus.AUGMENT, batch=BATCH, progress=False)
    batches = iter(data.train(0, 10**6))
    model = MTLAug(fold.classes, data.types, preset="small")
    model.compile(keras.optimizers.Adam(1e-3), **model.objective())
    ready = [next(batches) for _ in range(STEPS)]
    candidates = {
        "pipeline": lambda: [next(batches) for _ in range(BATCHES)],
        "training": lambda: [model.train_on_batch(*batch) for batch in ready],
    }
    return tables.interleaved(candidates, options.rounds)


if __name__ == "__main__":
    main()
