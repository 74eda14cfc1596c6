"""Rate of the augmentation pipeline compared with the training that it feeds.

The pipeline reads utterances of 7.5 s from a cache on disk, applies all augmentations
and makes batches of 16. The training is MTL-AUG with all heads on batches in memory. It
uses preset `small`, the faster one, for which the ratio is harder to reach. Targets:
1,000 utterances per second on two cores, and five times the training rate.

The last columns compare the pipeline with one that reads files of bare float16 values,
without a header or a checksum, and the reading alone. Target: 0.95 for the pipeline.

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
import tensorflow as tf

from keras_ser.data import Pipeline
from keras_ser.data.datasets import make_deterministic, parallel_map
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
    bare = tables.median_ratio(times["pipeline"], times["bare pipeline"])
    bare_reading = tables.median_ratio(times["reading"], times["bare reading"])
    rates = {name: count / np.median(times[name]) for name, count in rows.items()}
    ratio = tables.median_ratio(
        np.array(times["pipeline"]) / rows["pipeline"],
        np.array(times["training"]) / rows["training"],
    )
    table = tables.format_table(
        [
            "pipeline, utterances/s",
            "training, utterances/s",
            "ratio",
            "times a pipeline of bare files",
            "reading alone",
        ],
        [
            (
                f"{rates['pipeline']:.0f}",
                f"{rates['training']:.1f}",
                f"{ratio:.0f}",
                f"{bare:.2f}",
                f"{bare_reading:.2f}",
            )
        ],
    )
    tables.show("pipeline", table, options, ["keras", "tensorflow"])


def measure(folder, options) -> dict:
    fold = corpus.make_fold(options.utterances)
    store = corpus.make_store(folder, fold.sides().values())
    data = Pipeline(fold, store, augment=corpus.AUGMENT, batch=BATCH, progress=False)
    batches = iter(data.train(0, 10**6))
    reading = read_all(data._train)
    data._train._reader = BareReader(data._train._reader)
    bare, bare_reading = iter(data.train(0, 10**6)), read_all(data._train)
    model = MTLAug(fold.classes, data.types, preset="small")
    model.compile(keras.optimizers.Adam(1e-3), **model.objective())
    ready = [next(batches) for _ in range(STEPS)]
    candidates = {
        "pipeline": lambda: [next(batches) for _ in range(BATCHES)],
        "bare pipeline": lambda: [next(bare) for _ in range(BATCHES)],
        "reading": lambda: [next(reading) for _ in range(BATCHES * BATCH)],
        "bare reading": lambda: [next(bare_reading) for _ in range(BATCHES * BATCH)],
        "training": lambda: [model.train_on_batch(*batch) for batch in ready],
    }
    return tables.time_interleaved(candidates, options.rounds)


class BareReader:
    """Reads copies of the entries that hold nothing but the features.

    Args:
        verified: The reader of the entries.
    """

    def __init__(self, verified):
        self._form = verified.form
        paths = verified._paths.numpy()
        for path in set(paths.ravel()):
            self._form.read(path.decode()).tofile(f"{path.decode()}.bare")
        self._paths = tf.constant(
            [[f"{p.decode()}.bare" for p in row] for row in paths]
        )

    def read(self, variant, row):
        """The features of an entry, as `EntryReader.read` returns them."""
        content = tf.io.read_file(self._paths[variant, row])
        values = tf.io.decode_raw(content, tf.float16)
        return tf.reshape(values, (-1, self._form.dimensions))


def read_all(source):
    """An endless iterator over the normalised features of a pipeline's utterances."""
    rows = tf.data.Dataset.range(source.labelled).repeat()
    return iter(
        make_deterministic(
            parallel_map(rows, lambda row: source.features(tf.cast(row, tf.int32), 0))
        )
    )


if __name__ == "__main__":
    main()
