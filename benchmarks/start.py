"""Time to start a training, with and without the measures that shorten it.

The training is one epoch of two steps of MTL-AUG (preset `small`, all heads) on a
little synthetic speech, so nearly all of its time is tracing. Without the measures,
TensorFlow traces a step that creates its own variables, and rewrites the source of the
pipeline's functions. Times are CPU times of one thread in interleaved rounds. The
final weights must be equal to the bit.

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
    models,
    protocols,
)
from keras_ser.data import pipeline
from keras_ser.experiments import training

AUGMENT = ("speed", "specaugment", "mixup")


def map_with_autograph(dataset, function, parallel=None):
    return dataset.map(function, num_parallel_calls=parallel or os.cpu_count())


WITH = {
    "_make_variables": training._make_variables,
    "parallel_map": pipeline.parallel_map,
}
WITHOUT = {"_make_variables": lambda *_: None, "parallel_map": map_with_autograph}


def start(fold, store, parts: dict, ends: list) -> None:
    """Train with these functions in place; appends the final weights to `ends`."""
    training._make_variables = parts["_make_variables"]
    pipeline.parallel_map = parts["parallel_map"]
    keras.utils.set_random_seed(0)
    data = Pipeline(fold, store, batch=8, augment=AUGMENT, progress=False)
    model = models.MTLAug(fold.classes, data.types)
    settings = Training(batch=8, epochs=1)
    with tempfile.TemporaryDirectory() as folder:
        training.fit(model, data, settings, {}, folder, seed=0)
    ends.append(b"".join(each.tobytes() for each in model.get_weights()))


def main() -> None:
    options = tables.make_parser(__doc__, rounds=3).parse_args()
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
        times = tables.time_interleaved(runs, options.rounds, time.process_time)
    if len(set(ends)) > 1:
        raise RuntimeError(
            "The final weights must be equal with and without the measures."
        )
    row = [f"{statistics.median(times[name]):.1f}" for name in ("without", "with")]
    row.append(f"{tables.median_ratio(times['with'], times['without']):.2f}")
    header = ["start without, s of CPU time", "with", "ratio"]
    table = tables.format_table(header, [row])
    tables.show("start", table, options, packages=("keras", "tensorflow"))


if __name__ == "__main__":
    main()
