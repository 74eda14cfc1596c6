r"""Kill an experiment at random moments until it is done, and compare the results.

Short leave-one-speaker-out folds, on noise in EMO-DB's layout, run twice: without
interruption, and with SIGKILLs of the whole process group. After each kill, the same
command is started again. The report and every predictions.csv, history.csv and
metrics.json must have the same bytes in both runs, and no finished run folder may be
written again. Otherwise the exit code is 1.

With `--parent-only`, the kill hits the first process alone, as a kill by a scheduler or
by the system does. Its workers must have ended by themselves after 5 seconds.

Command: python benchmarks/kill_resume.py --kills 20
the parent of two workers: python benchmarks/kill_resume.py --kills 20 \
    --parent-only --workers 2
200 very short jobs in two processes: python benchmarks/kill_resume.py \
    --system length --speakers 5 --repeats 40 --workers 2 --kills 3
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

from keras_ser.callbacks import checkpoint
from keras_ser.utils import files

RATE = 16_000
END_SECONDS = 5.0  # after which no process of a killed parent may be left
SPEAKERS = ("03", "08", "09", "10", "11", "12")
COMPARED = ("report.md", "predictions.csv", "history.csv", "metrics.json")
SYSTEMS = {
    "mtl_aug": "System(arguments=arguments)",
    "length": "System('LengthProbe', augment=())",
}
CONFIG = """
from keras_ser.experiments.config import Experiment, Features, System, Training

arguments = {"reconstruction": False}
config = Experiment(
    "killed", "emodb", {"%s": %s}, repeats=%d,
    features=Features(settings={"n_mels": 16}, seconds=1.0),
    training=Training(
        batch=8, rows_per_utterance=12, epochs=%d, patience=1, learning_rate=5e-3
    ),
)
"""


def write_corpus(root: Path, speakers: int) -> None:
    """Write noise, loud for anger and soft for sadness, in EMO-DB's layout."""
    rng = np.random.default_rng(0)
    folder = root / "wav"
    folder.mkdir(parents=True)
    for speaker in SPEAKERS[:speakers]:
        for letter, loudness in (("W", 0.1), ("T", 0.03)):
            for version in "abcdef":
                wave = rng.normal(scale=loudness, size=rng.integers(8_000, 20_000))
                name = f"{speaker}a01{letter}{version}.wav"
                soundfile.write(folder / name, wave, RATE)


def start(folder: Path, out: Path, workers: int = 1) -> subprocess.Popen:
    """Start the experiment in a process group of its own."""
    words = ["run", folder / "config.py", "--corpus", f"emodb={folder / 'emodb'}"]
    words += ["--cache", folder / "cache", "--threads", "1", "--out", out]
    words += ["--workers", workers]
    code = "from keras_ser.cli import entry; entry()"
    with open(folder / "log.txt", "a") as log:
        return subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", code, *map(str, words)],
            stdout=log,
            stderr=log,
            start_new_session=True,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        )


def kill_after(
    process: subprocess.Popen, seconds: float, parent_only: bool = False
) -> list[int] | None:
    """Kill the process group, or its first process, if it still runs after `seconds`.

    Returns:
        The processes of the group that were left `END_SECONDS` later, all of which are
        killed then; None if the process had ended before.
    """
    try:
        process.wait(seconds)
        return None
    except subprocess.TimeoutExpired:
        kill = os.kill if parent_only else os.killpg
        kill(process.pid, signal.SIGKILL)
        process.wait()
    end = time.monotonic() + END_SECONDS
    while (left := members(process.pid)) and time.monotonic() < end:
        time.sleep(0.1)
    if left:
        os.killpg(process.pid, signal.SIGKILL)
    return left


def members(group: int) -> list[int]:
    """The processes of a group that run, without those that only await their parent."""
    done = subprocess.run(
        ["ps", "-A", "-o", "pid=,pgid=,stat="], stdout=subprocess.PIPE, text=True
    )
    rows = [line.split() for line in done.stdout.splitlines()]
    return [int(pid) for pid, of, state in rows if int(of) == group and state[0] != "Z"]


def describe_progress(out: Path) -> str:
    """Describe from its files how far the experiment was when it was killed."""
    done = len(list(out.glob("killed/*/*/metrics.json")))
    for partial in out.glob("killed/*/*.partial"):
        path = partial / checkpoint.FILE_NAME
        epochs = "no epoch"
        if path.exists():
            with np.load(path) as archive:
                epochs = f"{str(archive['state']).count('val_loss')} epochs"
        return f"{done} folds done, {epochs} of {partial.stem}"
    return f"{done} folds done, between folds"


def read_results(out: Path) -> dict[str, bytes]:
    """The bytes of all files that must be equal, by their paths."""
    found = [path for name in COMPARED for path in out.rglob(name)]
    return {str(path.relative_to(out)): path.read_bytes() for path in found}


def modification_times(out: Path) -> dict[str, int]:
    """When each file of the finished runs was last written, in nanoseconds."""
    return {
        str(path): path.stat().st_mtime_ns
        for folder in out.glob("killed/*/*-*[0-9]")
        for path in folder.iterdir()
    }


def run_with_kills(
    folder: Path,
    out: Path,
    kills: int,
    seconds: tuple[float, float],
    workers: int,
    parent_only: bool = False,
) -> tuple[int, int, int]:
    """Run to the end with at most `kills` kills, each within a span of `seconds`.

    Returns:
        The number of kills, of finished files that were rewritten, and of processes
        that were left after a kill.
    """
    rng, rewritten, survivors = random.Random(0), 0, 0
    for number in range(kills):
        moment = rng.uniform(*seconds)
        before = modification_times(out)
        left = kill_after(start(folder, out, workers), moment, parent_only)
        if left is None:
            kills = number
            break
        survivors += len(left)
        after = modification_times(out)
        rewritten += sum(after.get(path) != written for path, written in before.items())
        print(
            f"kill {number + 1} after {moment:.1f} s: {describe_progress(out)}; "
            f"{len(left)} processes left",
            flush=True,
        )
    run_uninterrupted(folder, out, workers)
    return kills, rewritten, survivors


def run_uninterrupted(folder: Path, out: Path, workers: int = 1) -> float:
    """Run to the end; returns the seconds that it took."""
    started = time.monotonic()
    if start(folder, out, workers).wait():
        raise RuntimeError((folder / "log.txt").read_text()[-2000:])
    return time.monotonic() - started


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--kills", type=int, default=20, help="kills, at most")
    arguments.add_argument(
        "--speakers", type=int, default=6, help="speakers, one fold each"
    )
    arguments.add_argument(
        "--repeats", type=int, default=2, help="repeats of each fold"
    )
    arguments.add_argument("--epochs", type=int, default=4, help="epochs of each job")
    arguments.add_argument("--system", default="mtl_aug", choices=sorted(SYSTEMS))
    arguments.add_argument("--workers", type=int, default=1, help="parallel processes")
    arguments.add_argument(
        "--shortest", type=float, default=0, help="shortest time, as the start takes"
    )
    arguments.add_argument(
        "--longest", type=float, help="longest time before a kill, in seconds"
    )
    arguments.add_argument(
        "--parent-only", action="store_true", help="kill the first process alone"
    )
    parsed = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_corpus(folder / "emodb", parsed.speakers)
        system = parsed.system, SYSTEMS[parsed.system]
        text = CONFIG % (*system, parsed.repeats, parsed.epochs)
        (folder / "config.py").write_text(text)
        uninterrupted, interrupted = folder / "whole", folder / "pieces"
        seconds = run_uninterrupted(folder, uninterrupted, parsed.workers)
        jobs = parsed.speakers * parsed.repeats
        print(f"uninterrupted: {jobs} jobs, {seconds:.0f} s", flush=True)
        longest = parsed.longest or 2 * seconds / parsed.kills
        kills, rewritten, survivors = run_with_kills(
            folder,
            interrupted,
            parsed.kills,
            (parsed.shortest, longest),
            parsed.workers,
            parsed.parent_only,
        )
        expected, received = read_results(uninterrupted), read_results(interrupted)
        equal = sum(received.get(key) == value for key, value in expected.items())
        records = interrupted.rglob("environment.json")
        resumed = sum(files.read_json(record)["resumed"] for record in records)
        left = [
            *interrupted.rglob("*.partial"),
            *interrupted.rglob(checkpoint.FILE_NAME),
        ]
    print(
        f"{kills} kills, {resumed} of them inside a fold; {equal} of "
        f"{len(expected)} files equal; {rewritten} finished files rewritten; "
        f"{len(left)} unfinished files left; {survivors} processes left"
    )
    return int(equal != len(expected) or any([rewritten, left, survivors]))


if __name__ == "__main__":
    sys.exit(main())
