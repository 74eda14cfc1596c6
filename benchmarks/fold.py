r"""Speed of training one fold of MTL-AUG with preset `paper`, and the score it reaches.

This trains the system `mtl_aug` of configs/mtl_aug/emodb_paper.py with its halving
schedule, on the device of the Keras backend that KERAS_BACKEND names. Utterances per
second count training only. Seconds per epoch also include the evaluation of the
development speakers. The first epoch includes compilation and is reported separately.

Training starts from features, so the machine with the GPU needs no audio. First, on a
machine with the corpus:

    python benchmarks/fold.py FOLDER --corpus EMODB

This writes `FOLDER/table.csv` and `FOLDER/features/` (about 75 MB). Copy both, because
the features are found by the digests in the table. Then, on the machine with the GPU:

    KERAS_BACKEND=jax python benchmarks/fold.py FOLDER \
        --devices 2 --precision mixed_bfloat16

A short check on a CPU takes about a minute:

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
from keras_ser.experiments.config_file import load_config
from keras_ser.experiments.job import feature_store

CONFIG = Path(__file__).parents[1] / "configs" / "mtl_aug" / "emodb_paper.py"
SYSTEM = "mtl_aug"


class Clock(keras.callbacks.Callback):
    """Records the seconds of each epoch, and of its training without evaluation."""

    def __init__(self):
        super().__init__()
        self.epoch_seconds, self.training_seconds = [], []

    def on_epoch_begin(self, epoch, logs=None):
        self._start = time.perf_counter()

    def on_test_begin(self, logs=None):
        self.training_seconds.append(time.perf_counter() - self._start)

    def on_epoch_end(self, epoch, logs=None):
        self.epoch_seconds.append(time.perf_counter() - self._start)


def main() -> None:
    options = parse_options()
    folder = Path(options.folder)
    if options.corpus:
        export_features(options, folder)
        return
    if options.threads:
        backend.set_threads(options.threads)
    job = make_job(options, folder)
    settings = job.config.training
    with (
        devices.share_batches(options.devices, settings.batch),
        devices.precision(settings.precision),
    ):
        row = measure(job, folder, options)
    name = f"fold_{row['backend']}_{row['devices']}_{settings.precision}"
    table = tables.format_table(row, [row.values()])
    tables.show(name, table, options, ["keras", row["backend"]])


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "folder", metavar="FOLDER", help="folder with table.csv and features/"
    )
    parser.add_argument(
        "--corpus", metavar="EMODB", help="fill FOLDER from this corpus, and stop"
    )
    parser.add_argument("--fold", default="03", help="name of the fold")
    parser.add_argument("--epochs", type=int, default=60, help="epochs, at most")
    parser.add_argument("--steps", type=int, help="steps per epoch (default: all)")
    parser.add_argument(
        "--devices", type=int, default=1, help="devices that share a batch"
    )
    parser.add_argument("--precision", default="float32", choices=config.PRECISIONS)
    parser.add_argument("--threads", type=int, help="CPU threads")
    parser.add_argument(
        "--keep", action="store_true", help="write the table to benchmarks/results/"
    )
    parser.add_argument(
        "--note", default="", help="conditions to write below the table"
    )
    return parser.parse_args()


def export_features(options, folder: Path) -> None:
    """Extract all features of the experiment and write its table."""
    loaded = load_config(CONFIG)
    table, _ = inputs.read_tables(loaded, {loaded.corpus: options.corpus}, folder)
    planned = plan.plan_jobs(loaded, table, None, folder, [SYSTEM])
    extraction.prepare(planned, folder)
    table.to_csv(folder / "table.csv", index=False)
    print(f"{len(table)} utterances in {folder}: copy table.csv and features/.")


def make_job(options, folder: Path):
    """Make the fold's job; `--steps` limits the number of training utterances."""
    changes = [f"training.epochs={options.epochs}"]
    changes.append(f"training.precision={options.precision}")
    loaded = load_config(CONFIG, changes)
    table = pd.read_csv(
        folder / "table.csv",
        dtype={name: float if name in NUMBERS else str for name in COLUMNS},
        keep_default_na=False,
        na_values={name: [""] for name in NUMBERS},
        float_precision="round_trip",  # names of features contain seconds
    )
    (job,) = plan.plan_jobs(loaded, table, None, folder, [SYSTEM], [options.fold])
    if not options.steps:
        return job
    rows = options.steps * loaded.training.batch
    few = job.fold.train.sample(
        -(-rows // loaded.training.rows_per_utterance), random_state=0
    )
    return dataclasses.replace(job, fold=dataclasses.replace(job.fold, train=few))


def measure(job, folder: Path, options) -> dict:
    """Train; return the speed, and the score of the epoch that the schedule chose."""
    keras.utils.set_random_seed(job.seed)
    data, model = network.prepare_data_and_model(job, feature_store(job.config, folder))
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
        "steps per epoch": data.steps,
        "epochs": found["epochs"],
        "utterances/s": f"{rows / np.median(clock.training_seconds[later]):.1f}",
        "s per epoch": f"{np.median(clock.epoch_seconds[later]):.1f}",
        "first epoch, s": f"{clock.epoch_seconds[0]:.1f}",
        "dev UAR": f"{history.val_emotion_uar[found['epoch'] - 1]:.3f}",
    }


if __name__ == "__main__":
    main()
