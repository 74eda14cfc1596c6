"""Trains toy models alone and together, on JAX with two devices.

The tests of `together` run this script once, because a process has one backend:

    python tests/toy_together.py SHEET FOLDER

Each scenario leaves its runs in a folder of its own.
"""

import contextlib
import itertools
import os
import sys
import warnings
from pathlib import Path

os.environ["KERAS_BACKEND"] = "jax"
os.environ["XLA_FLAGS"] = (
    "--xla_force_host_platform_device_count=2 "
    "--xla_backend_optimization_level=0"  # most of the time is spent in compilation
)
# Scenarios that compile the same function compile it once.
os.environ["JAX_COMPILATION_CACHE_DIR"] = os.path.join(sys.argv[2], "compiled")
os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"

import numpy as np
from toy_attributes import SmallAttributes

import keras_ser as ser
from keras_ser.experiments import together
from keras_ser.models import BASELINE
from keras_ser.together import memory, trainer
from keras_ser.together.trainer import Trainer

SIZES = {"filters": (8, 8, 8)}
FEATURES = {"settings": {"n_mels": 16}, "seconds": 0.5}
STEERED = {  # plain gradients, because those of Adam enlarge what is rounded
    "optimizer": "sgd",
    "schedule": "halve_and_restore",
    "patience": 1,
    "select": "best",
    "average": 0.9,
    "learning_rate": 0.03,
    "clip_norm": 1.0,  # far from divergence, where a rounding can become a nan
    "epochs": 4,
}
PLAIN = {
    **{"average": 0.0, "dev_windows": "all", "clip_norm": 1.0, "optimizer": "adamw"},
    "segments": "all",  # with weights
}


def experiment(name="steered", normalise="train", **training):
    mixed = {**SIZES, "normalisation": "batch", "moments": "labelled"}
    return ser.Experiment(
        name=name,
        corpus="csv",
        systems={
            "baseline": ser.System(arguments={**BASELINE, **SIZES}),
            "mtl_aug": ser.System(
                arguments=mixed, use_unlabelled=True, label_fraction=0.5
            ),
        },
        repeats=2,
        features=ser.Features(**FEATURES, normalise=normalise),
        training=ser.Training(batch=4, **training),
    )


def attributes(**training):
    """A head that is unlearnt, whose weight rises."""
    arguments = {"attributes": ["gender"], "approach": "gradient_reversal"}
    return ser.Experiment(
        name="attributes",
        corpus="csv",
        systems={"reversal": ser.System(SmallAttributes, arguments=arguments)},
        features=ser.Features(**FEATURES),
        training=ser.Training(batch=4, **training),
    )


class Script:
    """Runs scenarios on a sheet of speech."""

    def __init__(self, sheet, folder):
        self.sheet = sheet
        self.folder = Path(folder)

    def run(self, scenario, config, **options):
        return ser.run(
            config,
            corpora={"csv": self.sheet},
            out=self.folder / scenario,
            cache=self.folder / "cache",
            progress=False,
            **{"folds": ["1", "2"], **options},
        )

    def main(self):
        steered = experiment(**STEERED)
        plain = experiment("plain", "utterance", **{**PLAIN, "epochs": 1})
        turned = attributes(**STEERED)
        for config, systems in ((steered, ()), (plain, "baseline"), (turned, ())):
            self.run("alone", config, repeats=1, folds=["1"], systems=systems)
            self.run("together", config, together=4, systems=systems)
        options = {"systems": "baseline", "together": 4}
        folds = {"folds": ["1", "2", "3"], "repeats": 1}  # two models, and one
        self.run("devices", steered, **options, **folds, devices=2)
        self.interrupt(steered, options)
        self.run_in_parts(steered, options)
        self.break_one(steered, options)
        self.come_second(steered, options)

    def interrupt(self, config, options):
        write, count = Trainer._write_checkpoints, itertools.count(1)

        def write_and_stop(*arguments):
            write(*arguments)
            if next(count) == 2:
                raise KeyboardInterrupt

        with (
            replaced(Trainer, "_write_checkpoints", write_and_stop),
            replaced(trainer, "MAX_CHECKPOINT_SHARE", 1e9),  # after each epoch
            contextlib.suppress(KeyboardInterrupt),
        ):
            self.run("interrupted", config, **options)
        partial = self.folder / "interrupted/steered/baseline/1-0.partial"
        assert (partial / "checkpoint.npz").exists()
        (self.folder / "left.csv").write_bytes((partial / "history.csv").read_bytes())
        self.run("interrupted", config, **options)

    def run_in_parts(self, config, options):
        with (
            replaced(memory, "needed_bytes", lambda compiled: 4),
            replaced(memory, "available_bytes", lambda: 2),
            warnings.catch_warnings(record=True) as found,
        ):
            warnings.simplefilter("always")
            self.run("parts", config, **options)
        texts = [str(each.message) for each in found]
        (self.folder / "warnings.txt").write_text("\n".join(texts), encoding="utf-8")

    def come_second(self, config, options):
        """Runs jobs that another process finishes after they are planned."""
        found = []
        with (
            replaced(together, "run_together", lambda *a: found.append(a)),
            contextlib.suppress(ValueError, FileNotFoundError),  # nothing to report
        ):
            self.run("second", config, **options, repeats=1)
        together.run_together(*found[0][:3], progress=False)
        together.run_together(*found[0][:3], progress=False)

    def break_one(self, config, options):
        member = together._member

        def broken(job, data, model, folder):
            made = member(job, data, model, folder)
            if job.folder.name == "2-1":
                made.weights["trainable"][0] = np.full_like(
                    made.weights["trainable"][0], np.nan
                )
            return made

        with replaced(together, "_member", broken):
            try:
                self.run("broken", config, **options)
            except RuntimeError as error:
                text = "\n".join([str(error), *error.__notes__])
                (self.folder / "error.txt").write_text(text, encoding="utf-8")


@contextlib.contextmanager
def replaced(owner, name, value):
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


if __name__ == "__main__":
    Script(*sys.argv[1:]).main()
