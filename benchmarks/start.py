"""Time to start a training, with and without the measures that shorten it.

The training is one epoch of two steps of MTL-AUG (preset `small`, all heads) on a
little synthetic speech, so nearly all of its time is tracing. It is trained as an
experiment does it, and by `fit` as a script calls it, on arrays. Without the measures,
TensorFlow traces a step that creates its own variables, and rewrites the source of the
pipeline's functions. Times are CPU times of one thread in interleaved rounds. The
final weights must be equal to the bit.

Command: python benchmarks/start.py [--rounds 3] [--keep]
Cost: five minutes.
"""

import contextlib
import functools
import os
import statistics
import tempfile
import time
from pathlib import Path
from unittest import mock

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
from keras_ser.backend import first_step
from keras_ser.data import planning, reader
from keras_ser.experiments import training

AUGMENT = ("speed", "specaugment", "mixup")
MAKERS = (training, "create_variables"), (first_step, "prepare")
MAPS = (planning, "parallel_map"), (reader, "parallel_map")


def map_with_autograph(dataset, function, parallel=None):
    return dataset.map(function, num_parallel_calls=parallel or os.cpu_count())


@contextlib.contextmanager
def without_measures():
    """Leaves out the measures, wherever they are used."""
    with contextlib.ExitStack() as stack:
        for module, name in MAKERS:
            stack.enter_context(mock.patch.object(module, name, lambda *_: None))
        for module, name in MAPS:
            stack.enter_context(mock.patch.object(module, name, map_with_autograph))
        yield


def experiment(data, model) -> None:
    """Train as an experiment does."""
    with tempfile.TemporaryDirectory() as folder:
        training.fit(model, data, Training(batch=8, epochs=1), {}, folder, seed=0)


def script(data, model) -> None:
    """Train by `fit` on one batch, as arrays."""
    arrays = keras.tree.map_structure(lambda x: x.numpy(), next(iter(data.train(0, 1))))
    features, labels, weights = arrays
    model.compile(keras.optimizers.Adam(1e-3), **model.objective())
    model.fit(features, labels, sample_weight=weights, shuffle=False, verbose=0)


def start(fold, store, train, measures, ends: list) -> None:
    """Train with or without the measures; appends the final weights to `ends`."""
    keras.utils.set_random_seed(0)
    with measures():
        data = Pipeline(fold, store, batch=8, augment=AUGMENT, progress=False)
        model = models.MTLAug(fold.classes, data.types)
        train(data, model)
    ends.append(b"".join(each.tobytes() for each in model.get_weights()))


def main() -> None:
    options = tables.make_parser(__doc__, rounds=3).parse_args()
    backend.set_threads(1)
    trainings = {"experiment": experiment, "`fit` of a script, on arrays": script}
    measures = {"without": without_measures, "with": contextlib.nullcontext}
    with tempfile.TemporaryDirectory() as name:
        read = {"speakers": 6, "sentences": 1, "progress": False}
        table = corpora.read("synthetic", name, **read)
        fold = protocols.leave_one_speaker_out(table)["s01"]
        store = FeatureStore(Path(name) / "features", LogMel())
        ends: dict[str, list[bytes]] = {each: [] for each in trainings}
        runs = {
            (each, how): functools.partial(start, fold, store, train, own, ends[each])
            for each, train in trainings.items()
            for how, own in measures.items()
        }
        times = tables.time_interleaved(runs, options.rounds, time.process_time)
    if any(len(set(found)) > 1 for found in ends.values()):
        raise RuntimeError(
            "The final weights must be equal with and without the measures."
        )
    rows = []
    for each in trainings:
        pair = [times[each, how] for how in measures]
        seconds = [f"{statistics.median(values):.1f}" for values in pair]
        rows.append([each, *seconds, f"{tables.median_ratio(*reversed(pair)):.2f}"])
    header = ["start", "without, s of CPU time", "with", "ratio"]
    table = tables.format_table(header, rows)
    tables.show("start", table, options, packages=("keras", "tensorflow"))


if __name__ == "__main__":
    main()
