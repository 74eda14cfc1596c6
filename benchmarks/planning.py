"""Time and memory to divide a large corpus into folds, and to plan their jobs.

A corpus of 250 speakers with 112 utterances each is divided leaving one speaker out,
and two systems are planned on its 250 folds, with all checks of leaks. Each measurement
is a process of its own. With another checkout, both are measured in interleaved rounds.

    git worktree add ../before COMMIT
    python benchmarks/planning.py --before ../before [--rounds 3] [--keep]

Cost: half a minute per round with the other checkout.
"""

import os
import statistics
import subprocess
import sys
from pathlib import Path

import tables

SPEAKERS, UTTERANCES = 250, 112
HEADER = ["checkout", "CPU s", "wall s", "memory GB"]
WORK = f"""
import resource, time
import keras_ser as ser
from keras_ser.corpora.table import from_rows
from keras_ser.experiments import NETWORKS, plan

EMOTIONS = ("anger", "happiness", "neutral", "sadness")
rows = [
    {{
        "utterance": f"big/{{speaker}}-{{number}}",
        "file": f"{{speaker}}-{{number}}.wav",
        "duration": 3.0,
        "digest": f"{{speaker}}-{{number}}",
        "corpus": "big",
        "speaker": f"big/{{speaker:03}}",
        "gender": ("female", "male")[speaker % 2],
        "emotion": EMOTIONS[number % len(EMOTIONS)],
    }}
    for speaker in range({SPEAKERS})
    for number in range({UTTERANCES})
]
table = from_rows(rows)
systems = {{name: NETWORKS[name] for name in ("baseline_augmented", "mtl_aug")}}
config = ser.Experiment(name="big", corpus="csv", systems=systems)
plan.plan_jobs(config, table[table.speaker < "big/008"], None, "absent")  # imports
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
cpu, wall = time.process_time(), time.perf_counter()
jobs = plan.plan_jobs(config, table, None, "absent")
cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
assert len(jobs) == {2 * SPEAKERS}
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(cpu, wall, grown / 1e6)
"""


def measure(checkout: Path) -> list[float]:
    """CPU seconds, wall seconds and gigabytes of a checkout, in a new process."""
    done = subprocess.run(
        [sys.executable, "-c", WORK],
        env={**os.environ, "PYTHONPATH": str(checkout), "TF_CPP_MIN_LOG_LEVEL": "3"},
        cwd=checkout,
        capture_output=True,
        text=True,
        check=True,
    )
    return [float(each) for each in done.stdout.split()]


def main() -> None:
    parser = tables.make_parser(__doc__, rounds=3)
    parser.add_argument("--before", type=Path, help="another checkout to compare with")
    options = parser.parse_args()
    here = Path(__file__).resolve().parents[1]
    checkouts = {"before": options.before} if options.before else {}
    checkouts = {n: p.resolve() for n, p in checkouts.items()} | {"now": here}
    found: dict[str, list] = {name: [] for name in checkouts}
    for _ in range(options.rounds):
        for name, checkout in checkouts.items():
            found[name].append(measure(checkout))
    medians = {
        name: [statistics.median(each) for each in zip(*rows, strict=True)]
        for name, rows in found.items()
    }
    rows = [[name, *(f"{x:.2f}" for x in own)] for name, own in medians.items()]
    if options.before:
        ratios = [a / b for a, b in zip(medians["before"], medians["now"], strict=True)]
        rows.append(["ratio", *(f"{ratio:.1f}" for ratio in ratios)])
    table = tables.format_table(HEADER, rows)
    tables.show("planning", table, options, packages=("pandas",))


if __name__ == "__main__":
    main()
