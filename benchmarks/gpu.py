r"""Checks and measures the package on a machine with a GPU, within eight minutes.

It needs JAX, PyTorch or both, and neither TensorFlow nor librosa, audio or a network.
Keras may travel as wheels, which are unpacked into a temporary folder:

    pip download --no-deps --only-binary=:all: -d wheels keras optree namex
    WHEELS=wheels bash benchmarks/gpu.sh OUT

The wheels must fit the Python of the machine with the GPU. For another Python, add
`--python-version 3.12 --platform manylinux_2_28_x86_64`. What is missing is reported
first.

The first part compares models and layers on the GPU with those on the CPU. The second
part measures training against the same network in plain PyTorch. `OUT` receives

    gpu.jsonl   one row per comparison and per measurement, written as they are made
    gpu.md      the same rows as tables, written again after each of them
    gpu.log     what the processes printed

An interrupted run leaves its finished rows. A second run into the same folder measures
what is missing. To put the rows into docs/performance.md, on any machine:

    python benchmarks/gpu.py OUT --report --keep
    python docs/generate.py

A check of the benchmark itself, with tiny networks on a CPU, takes some minutes:

    bash benchmarks/gpu.sh OUT --tiny

The exit status is 0 if everything agrees, 1 if a comparison failed, and 2 if nothing
can run on this machine.
"""

import argparse
import os
import sys
import time
from pathlib import Path

import gpu_machine
from gpu_rows import Rows

PARTS = ("correctness", "training")
RESERVE = 10  # seconds that are kept for stopping processes and for the tables


def main() -> int:
    options = parse_options()
    rows = Rows(options.out)
    if options.report:
        rows.report(keep=options.keep)
        return rows.status()
    deadline = time.monotonic() + options.seconds - RESERVE
    machine = gpu_machine.Machine(options.wheels)
    complaint = machine.complaint()
    complaint = complaint or machine.find_backends(options.backends, options.tiny)
    print(*machine.notes, complaint, sep="\n", flush=True)
    if complaint:
        return 2
    run_parts(options, machine, rows, deadline)
    rows.report(keep=options.keep)
    print((options.out / "gpu.md").read_text(encoding="utf-8"))
    return rows.status()


def run_parts(options, machine, rows: Rows, deadline: float) -> None:
    """Run the parts one after the other; the second one gets the time that is left."""
    import gpu_correctness  # these need NumPy, which the machine was checked for
    import gpu_training

    rows.add(part="machine", tiny=options.tiny, **machine.describe())
    if "correctness" in options.parts:
        limit = min(deadline, time.monotonic() + options.correctness_seconds)
        gpu_correctness.run(machine, rows, limit, options)
    if "training" in options.parts:
        gpu_training.run(machine, rows, deadline, options)


def parse_options(words=None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, nargs="?", default=Path("gpu-run"))
    parser.add_argument(
        "--wheels",
        type=Path,
        default=os.environ.get("WHEELS") or None,
        help="folder of wheels to use (default: $WHEELS)",
    )
    parser.add_argument(
        "--backends",
        nargs="+",
        choices=gpu_machine.BACKENDS,
        default=["jax", "torch"],
        help="Keras backends to check and measure, if they are installed",
    )
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument(
        "--cases", default="", help="compare cases with this text, such as BLSTM"
    )
    parser.add_argument(
        "--settings", default="", help="measure settings with this text, such as paper"
    )
    parser.add_argument("--seconds", type=float, default=475, help="limit of the run")
    parser.add_argument("--correctness-seconds", type=float, default=150)
    parser.add_argument("--rounds", type=int, default=5, help="rounds to measure")
    parser.add_argument("--tiny", action="store_true", help="tiny networks, any device")
    parser.add_argument(
        "--report", action="store_true", help="make the tables from OUT and stop"
    )
    parser.add_argument(
        "--keep", action="store_true", help="write the tables to benchmarks/results/"
    )
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main())
