"""Time of an experiment's jobs with two worker processes compared with one.

Each job trains the baseline on synthetic speech, for enough epochs to last at least 20
seconds. One process uses the threads of all processors; two processes share them. Both
runs use the command line and start with filled caches. Times are wall-clock times and
include starting the processes, so the machine must be idle. Target: a ratio of 1.5.

Command: python benchmarks/workers.py [--jobs 4] [--epochs 6] [--keep]
Cost: six minutes on two cores.
"""

import functools
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import tables

from keras_ser.utils import files

CONFIG = """
from keras_ser.experiments.config import Experiment, System, Training
from keras_ser.models import BASELINE

config = Experiment(
    "jobs", "synthetic", {"baseline": System(arguments=BASELINE, augment=())},
    training=Training(epochs=%d, patience=%d),
)
"""
SPEAKERS = [f"s{number:02d}" for number in range(1, 11)]


def command(folder: Path, *words: str) -> None:
    """Run `keras-ser` in its own process, as a user would."""
    code = "from keras_ser.cli import entry; entry()"
    first, *others = words
    line = [sys.executable, "-W", "ignore", "-c", code, first, folder / "config.py"]
    line += [*others, "--cache", folder / "cache"]
    subprocess.run(
        [str(word) for word in line],
        check=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def run(folder: Path, jobs: int, workers: int) -> None:
    """Run all jobs into a new folder."""
    out = Path(tempfile.mkdtemp(dir=folder, prefix=f"{workers}-"))
    words = ["--folds", ",".join(SPEAKERS[:jobs]), "--workers", str(workers)]
    command(folder, "run", *words, "--out", out)


def job_seconds(folder: Path) -> float:
    """The median duration of a job with two processes, in seconds."""
    found = folder.glob("2-*/*/*/*/environment.json")
    return statistics.median(files.read_json(path)["seconds"] for path in found)


def main() -> None:
    parser = tables.make_parser(__doc__, rounds=3)
    parser.add_argument("--jobs", type=int, default=4, help="jobs to run")
    parser.add_argument("--epochs", type=int, default=6, help="epochs of each job")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = CONFIG % (options.epochs, options.epochs)
        (folder / "config.py").write_text(text)
        command(folder, "features", "--workers", "2")
        runs = {
            count: functools.partial(run, folder, options.jobs, count)
            for count in (1, 2)
        }
        times = tables.time_interleaved(runs, options.rounds)
        each = job_seconds(folder)
    one, two = (statistics.median(times[count]) for count in (1, 2))
    row = [options.jobs, f"{each:.0f}", f"{one:.0f}", f"{two:.0f}"]
    row.append(f"{tables.median_ratio(times[2], times[1]):.2f}")
    header = ["jobs", "seconds per job with two", "one process, s", "two, s", "ratio"]
    table = tables.format_table(header, [row])
    tables.show("workers", table, options, packages=("keras", "tensorflow"))


if __name__ == "__main__":
    main()
