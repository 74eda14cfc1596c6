"""Training of this checkout compared with that of another one, on EMO-DB.

One CPU thread, TensorFlow, preset `small`. Steps are measured on batches of 16
utterances with the lengths of EMO-DB: a process per checkout, which take turns. Folds
are those of configs/mtl_aug/emodb.py, system `mtl_aug`: each round trains fold 03 with
all epochs, and then folds 08 and 09 with one epoch, in a new process per checkout. What
counts is CPU time: of the start, from the first file that is read to the end of the
first step; of an epoch, its training and development speech; and of the whole fold,
probes and tests included. Both checkouts start from the same weights and see the same
batches, so the losses below the table tell whether they compute the same. The last
columns are this checkout in mixed_bfloat16.

    git worktree add ../before COMMIT
    python benchmarks/checkouts.py EMODB --before ../before [--rounds 2] [--keep]

Cost: a quarter of an hour per round.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import tables

HERE = Path(__file__).resolve().parents[1]
STEPS = 9  # per process and round
# Each prints one line of JSON per measurement.
STEP = """
import json, sys, time
sys.path.append(sys.argv[1])
import keras, numpy as np, packing
from keras_ser import backend

backend.set_threads(1)
features = packing.batch(np.random.default_rng(0), packing.SECONDS["EMO-DB"])
steps = {}
for name, arguments in packing.MODELS.items():
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(sys.argv[2])
    steps[name] = packing.step(arguments, features, packed=True)
for line in sys.stdin:
    times = {}
    for name, run in steps.items():
        start = time.process_time()
        run()
        times[name] = time.process_time() - start
    print(json.dumps(times), flush=True)
"""
FOLD = """
import importlib, io, json, resource, sys, time
from pathlib import Path
import keras, pandas as pd
import keras_ser as ser

emodb, cache, folder, precision, epochs = sys.argv[1:]
marks = {}
fit = keras.Model.fit
experiment = importlib.import_module("keras_ser.experiments.experiment")
run_job = experiment.run_job


class Clock(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        marks.setdefault("step", time.process_time())
        marks.setdefault("loss", float(logs["loss"]))

    def on_epoch_end(self, epoch, logs=None):
        marks.setdefault("epochs", []).append(time.process_time())


def fit_with_clock(model, *arguments, callbacks=(), **keywords):
    return fit(model, *arguments, callbacks=[*callbacks, Clock()], **keywords)


def run_job_with_clock(*arguments, **keywords):  # features are there already
    marks.clear()
    cpu, wall = time.process_time(), time.perf_counter()
    try:
        return run_job(*arguments, **keywords)
    finally:
        found["fold"] = time.process_time() - cpu
        found["wall"] = time.perf_counter() - wall
        found["start"] = marks["step"] - cpu
        between = zip(marks["epochs"], marks["epochs"][1:])
        found["first step"] = marks["loss"]
        found["epochs"] = [after - before for before, after in between]


def train(fold, changes):
    out = Path(folder) / fold
    changes = [f"training.precision={precision}", *changes]
    choice = {"systems": "mtl_aug", "folds": [fold], "repeats": 1, "threads": 1}
    choice |= {"corpora": {"emodb": emodb}, "out": out, "cache": cache}
    found.clear()
    config = "configs/mtl_aug/emodb.py"
    ser.run(config, overrides=changes, progress=False, **choice)
    (path,) = out.glob("*/mtl_aug/*/history.csv")
    return {**found, "losses": pd.read_csv(path).loss.tolist()}


found = {}
keras.Model.fit = fit_with_clock
experiment.run_job = run_job_with_clock
result = train("03", [f"training.epochs={epochs}"])
for fold in ("08", "09"):  # the second one of a kind starts from a compiled model
    following = train(fold, ["training.epochs=1"])
result["next start"] = following["start"]
result["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
print(json.dumps(result))
"""
PRECISIONS = {"before": "float32", "now": "float32", "bfloat16": "mixed_bfloat16"}


class Steps:
    """A process per candidate that makes training steps when it is told to."""

    def __init__(self, checkouts: dict[str, Path]):
        self.processes = {}
        for name, checkout in checkouts.items():
            self.processes[name] = start(
                checkout, STEP, str(HERE / "benchmarks"), PRECISIONS[name]
            )

    def measure(self, rounds: int) -> dict[str, dict[str, list[float]]]:
        """CPU seconds of each network by candidate; the first round is not counted."""
        found: dict = {name: {} for name in self.processes}
        for number in range(rounds + 1):
            for name, process in self.processes.items():
                process.stdin.write("step\n")
                process.stdin.flush()
                line = process.stdout.readline()
                if not line:
                    raise RuntimeError(f"The steps of `{name}` must not fail.")
                for network, seconds in json.loads(line).items():
                    times = found[name].setdefault(network, [])
                    times += [seconds] if number else []
        return found

    def close(self):
        for process in self.processes.values():
            process.stdin.close()
            process.wait()


def start(checkout: Path, script: str, *arguments: str) -> subprocess.Popen:
    """Start a script in a process that imports the package from a checkout."""
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        env={**os.environ, **quiet, "PYTHONPATH": str(checkout)},
        cwd=checkout,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def train_fold(checkout: Path, emodb: str, cache: Path, precision: str, epochs: int):
    """Train two folds in a new process; what it found."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = (emodb, str(cache), folder, precision, str(epochs))
        process = start(checkout, FOLD, *arguments)
        output, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"The folds of {checkout} must not fail.")
    return json.loads(output.splitlines()[-1])


def main() -> None:
    parser = tables.make_parser(__doc__, rounds=2)
    parser.add_argument("emodb", metavar="EMODB", help="folder of the corpus")
    parser.add_argument("--before", type=Path, required=True, help="another checkout")
    parser.add_argument("--epochs", type=int, default=20, help="epochs of a fold")
    options = parser.parse_args()
    before = options.before.resolve()
    checkouts = {"before": before, "now": HERE, "bfloat16": HERE}
    emodb = str(Path(options.emodb).resolve())
    with tempfile.TemporaryDirectory() as name:
        caches = {each: Path(name) / path.name for each, path in checkouts.items()}
        for each in ("before", "now"):  # the features, which are not measured
            train_fold(checkouts[each], emodb, caches[each], "float32", 1)
        steps = Steps(checkouts)
        try:
            times = steps.measure(STEPS * options.rounds)
        finally:
            steps.close()
        folds: dict[str, list] = {each: [] for each in checkouts}
        for _ in range(options.rounds):
            for each, path in checkouts.items():
                found = train_fold(
                    path, emodb, caches[each], PRECISIONS[each], options.epochs
                )
                folds[each].append(found)
    rows = [*step_rows(times), *fold_rows(folds)]
    header = ["", "before", "now", "ratio", "now, mixed_bfloat16", "ratio"]
    text = f"{tables.format_table(header, rows)}\n\n{describe_losses(folds)}"
    tables.show("checkouts", text, options, ["keras", "tensorflow"])


def step_rows(times: dict) -> list:
    """A row per network: milliseconds and ratios of single rounds."""
    rows = []
    for network, before in times["before"].items():
        row = [f"step, {network}, ms of CPU time", f"{1e3 * np.median(before):.0f}"]
        for name in ("now", "bfloat16"):
            own = times[name][network]
            ratio = tables.median_ratio(own, before)
            row += [f"{1e3 * np.median(own):.0f}", f"{ratio:.2f}"]
        rows.append(row)
    return rows


def fold_rows(folds: dict[str, list]) -> list:
    """A row per quantity, with medians over the rounds and ratios of single rounds."""

    def epoch(found):
        return float(np.mean(found["epochs"] or [np.nan]))  # few validate all heads

    quantities = {
        "start, s of CPU time": lambda found: found["start"],
        "start of the next fold, s of CPU time": lambda found: found["next start"],
        "epoch, s of CPU time": epoch,
        "fold, s of CPU time": lambda found: found["fold"],
        "fold, s of wall time": lambda found: found["wall"],
        "memory of three folds, GB": lambda found: found["memory"],
    }
    rows = []
    for label, value in quantities.items():
        before = [value(each) for each in folds["before"]]
        row = [label, f"{np.median(before):.2f}"]
        for name in ("now", "bfloat16"):
            own = [value(each) for each in folds[name]]
            ratio = tables.median_ratio(own, before)
            row += [f"{np.median(own):.2f}", f"{ratio:.2f}"]
        rows.append(row)
    return rows


def describe_losses(folds: dict[str, list]) -> str:
    """The losses of the first step and of the first and last epoch, by candidate."""
    parts = []
    for name, rounds in folds.items():
        epochs = rounds[0]["losses"]
        losses = (rounds[0]["first step"], epochs[0], epochs[-1])
        parts.append(f"{name} {', '.join(f'{loss:.5f}' for loss in losses)}")
    return f"Loss of the first step, the first epoch and the last: {'; '.join(parts)}."


if __name__ == "__main__":
    main()
