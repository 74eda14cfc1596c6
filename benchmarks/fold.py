r"""One fold of MTL-AUG at preset `paper`: how fast it trains, and that it learns.

The system `mtl_aug` of configs/mtl_aug/emodb_paper.py with its halving schedule, on the
Keras backend of KERAS_BACKEND and its device. Rows a second are of training alone; an
epoch's seconds hold the evaluation of the development speakers too. The first epoch
compiles and is shown apart.

It runs from features, so that a machine with a GPU needs no audio. Here, once:

    python benchmarks/fold.py FOLDER --corpus EMODB

writes `FOLDER/table.csv` and `FOLDER/features/` (about 75 MB). Both are needed, as
entries are found by the digests in the table. There, with the package installed:

    KERAS_BACKEND=jax python benchmarks/fold.py FOLDER \
        --devices 2 --precision mixed_bfloat16

A try on a CPU, about a minute:

    python benchmarks/fold.py FOLDER --threads 1 --epochs 1 --steps 2
"""

import argparse
import dataclasses
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import keras
import numpy as np
import pandas as pd
import tables

from keras_ser import backend
from keras_ser.backend import devices
from keras_ser.corpora.table import COLUMNS, NUMBERS
from keras_ser.experiments import config, extraction, inputs, network, plan, training
from keras_ser.experiments.job import feature_store

CONFIG = Path(__file__).parents[1] / "configs" / "mtl_aug" / "emodb_paper.py"
SYSTEM = "mtl_aug"


class Clock(keras.callbacks.Callback):
    """Seconds of each epoch, and of its training alone."""

    def __init__(self):
        super().__init__()
        self.whole, self.trained = [], []

    def on_epoch_begin(self, epoch, logs=None):
        self._start = time.perf_counter()

    def on_test_begin(self, logs=None):
        self.trained.append(time.perf_counter() - self._start)

    def on_epoch_end(self, epoch, logs=None):
        self.whole.append(time.perf_counter() - self._start)


def main() -> None:
    options = parsed()
    folder = Path(options.folder)
    if options.corpus:
        carry(options, folder)
        return
    if options.threads:
        backend.set_threads(options.threads)
    job = job_of(options, folder)
    settings = job.config.training
    with (
        devices.shared(options.devices, settings.batch),
        devices.precision(settings.precision),
    ):
        row = measured(job, folder, options)
    name = f"fold_{row['backend']}_{row['devices']}_{settings.precision}"
    table = tables.markdown(row, [row.values()])
    tables.show(name, table, options, ["keras", row["backend"]])


def parsed():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", metavar="FOLDER", help="with table.csv and features/")
    parser.add_argument("--corpus", metavar="EMODB", help="fill FOLDER, and stop")
    parser.add_argument("--fold", default="03")
    parser.add_argument("--epochs", type=int, default=60, help="at most")
    parser.add_argument("--steps", type=int, help="an epoch; default, all")
    parser.add_argument("--devices", type=int, default=1, help="that share a batch")
    parser.add_argument("--precision", default="float32", choices=config.PRECISIONS)
    parser.add_argument("--threads", type=int, help="CPU threads")
    parser.add_argument("--keep", action="store_true", help="write benchmarks/results/")
    parser.add_argument("--note", default="", help="conditions, kept beside the table")
    return parser.parse_args()


def carry(options, folder: Path) -> None:
    """Extracts all features of the experiment, and writes its table."""
    loaded = config.load_config(CONFIG)
    table, _ = inputs.read_tables(loaded, {loaded.corpus: options.corpus}, folder)
    planned = plan.plan_jobs(loaded, table, None, folder, [SYSTEM])
    extraction.prepare(planned, folder)
    table.to_csv(folder / "table.csv", index=False)
    print(f"{len(table)} utterances in {folder}: carry table.csv and features/.")


def job_of(options, folder: Path):
    """The fold's job; with `--steps`, of as few training utterances as fill them."""
    changes = [f"training.epochs={options.epochs}"]
    changes.append(f"training.precision={options.precision}")
    loaded = config.load_config(CONFIG, changes)
    table = pd.read_csv(
        folder / "table.csv",
        dtype={name: float if name in NUMBERS else str for name in COLUMNS},
        keep_default_na=False,
        na_values={name: [""] for name in NUMBERS},
        float_precision="round_trip",  # names of entries hold seconds
    )
    (job,) = plan.plan_jobs(loaded, table, None, folder, [SYSTEM], [options.fold])
    if not options.steps:
        return job
    rows = options.steps * loaded.training.batch
    few = job.fold.train.sample(-(-rows // loaded.training.rows), random_state=0)
    return dataclasses.replace(job, fold=dataclasses.replace(job.fold, train=few))


def measured(job, folder: Path, options) -> dict:
    """Trains; speed, and the score of the epoch that the schedule chose."""
    keras.utils.set_random_seed(job.seed)
    data, model = network.prepared(job, feature_store(job.config, folder))
    clock = Clock()
    objective = job.config.systems[job.system].objective
    settings = job.config.training
    with tempfile.TemporaryDirectory() as out:
        found = training.fit(
            model, data, settings, objective, out, job.seed, "fold", [clock]
        )
        history = pd.read_csv(Path(out) / "history.csv")
    later = slice(1, None) if found["epochs"] > 1 else slice(None)
    rows = data.steps * data.batch
    described = backend.describe()
    return {
        "backend": described["backend"],
        "device": described["device"],
        "devices": options.devices,
        "precision": settings.precision,
        "batch": data.batch,
        "steps an epoch": data.steps,
        "epochs": found["epochs"],
        "utterances/s": f"{rows / np.median(clock.trained[later]):.1f}",
        "s an epoch": f"{np.median(clock.whole[later]):.1f}",
        "first epoch, s": f"{clock.whole[0]:.1f}",
        "dev UAR": f"{history.val_emotion_uar[found['epoch'] - 1]:.3f}",
    }


if __name__ == "__main__":
    main()
