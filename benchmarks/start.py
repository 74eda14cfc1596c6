"""The start of a training with and without what makes it short.

One epoch of two steps of MTL-AUG `small`, all heads, on a little synthetic speech:
nearly all of it is tracing. Without: TensorFlow traces a step that makes its own
variables, and rewrites the pipeline's functions. CPU time of one thread, rounds
interleaved; the weights at the end must be the same bits.

Command: python benchmarks/start.py [--rounds 3] [--keep]
Cost: three minutes.
"""

import functools
import os
import statistics
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import keras
import tables

from keras_ser import (
    FeatureStore,
    LogMel,
    Pipeline,
    Training,
    backend,
    corpora,
    data,
    models,
    protocols,
)
from keras_ser.experiments import training

AUGMENT = ("speed", "specaugment", "mixup")


def plainly_mapped(dataset, function, parallel=None):
    return dataset.map(function, num_parallel_calls=parallel or os.cpu_count())


WITH = {"_make_variables": training._make_variables, "mapped": data.mapped}
WITHOUT = {"_make_variables": lambda *_: None, "mapped": plainly_mapped}


def start(fold, store, parts: dict, ends: list) -> None:
    """Trains, with these parts in place; adds the weights to `ends`."""
    training._make_variables, data.mapped = parts["_make_variables"], parts["mapped"]
    keras.utils.set_random_seed(0)
    pipeline = Pipeline(fold, store, batch=8, augment=AUGMENT, progress=False)
    model = models.MTLAug(fold.classes, pipeline.types)
    settings = Training(batch=8, epochs=1)
    with tempfile.TemporaryDirectory() as folder:
        training.fit(model, pipeline, settings, {}, folder, seed=0)
    ends.append(b"".join(each.tobytes() for each in model.get_weights()))


def main() -> None:
    options = tables.parser(__doc__, rounds=3).parse_args()
    backend.set_threads(1)
    with tempfile.TemporaryDirectory() as name:
        read = {"speakers": 6, "sentences": 1, "progress": False}
        table = corpora.read("synthetic", name, **read)
        fold = protocols.leave_one_speaker_out(table)["s01"]
        store = FeatureStore(Path(name) / "features", LogMel())
        ends: list[bytes] = []
        runs = {
            "with": functools.partial(start, fold, store, WITH, ends),
            "without": functools.partial(start, fold, store, WITHOUT, ends),
        }
        times = tables.interleaved(runs, options.rounds, time.process_time)
    if len(set(ends)) > 1:
        raise RuntimeError("The weights differ with and without.")
    row = [f"{statistics.median(times[name]):.1f}" for name in ("without", "with")]
    row.append(f"{tables.ratio(times['with'], times['without']):.2f}")
    header = ["start without, s of CPU time", "with", "ratio"]
    table = tables.markdown(header, [row])
    tables.show("start", table, options, packages=("keras", "tensorflow"))


if __name__ == "__main__":
    main()
