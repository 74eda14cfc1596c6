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

The part `together`, which is run by itself, measures models that train at the same
time (see benchmarks/together.py), and trains packed experiments. Where TensorFlow,
librosa and the corpora are, they are packed by

    python benchmarks/gpu_pack.py --out packs --corpus emodb=DIR --corpus ravdess=DIR

The machine with the GPU needs the tracked files without results/, the folder of wheels
and the packs. There, one command measures for three minutes, and then trains
`baseline_augmented`, `mtl_aug` and `baseline` on each pack, as far as the time goes:

    WHEELS=wheels bash benchmarks/gpu.sh OUT --parts together --seconds 560 \
        --pack packs/emodb.pack packs/ravdess_four.pack

`--together-seconds 0` leaves out the measurements. `OUT` also receives the finished
runs without their models, `OUT/<experiment>.zip`, after each system. The command may be
repeated with the same `OUT`: it trains what is missing. A rehearsal on a CPU:

    python benchmarks/gpu_pack.py --out packs --tiny
    bash benchmarks/gpu.sh OUT --tiny --parts together --together 4 \
        --pack packs/gpu_tiny_experiment.pack

The exit status is 0 if everything agrees, 1 if a comparison failed, and 2 if nothing
can run on this machine.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import gpu_machine
import gpu_specs
from gpu_rows import Rows

PARTS = ("correctness", "training", "together")
USUAL_PARTS = PARTS[:2]
RESERVE = 10  # seconds that are kept for stopping processes and for the tables


def main() -> int:
    options = parse_options()
    rows = Rows(options.out)
    if options.report:
        rows.report(keep=options.keep)
        return rows.status()
    deadline = time.monotonic() + options.seconds - RESERVE
    machine = gpu_machine.Machine(options.wheels)
    complaint = machine.complaint(bool(options.pack))
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
    if "together" in options.parts:
        run_together(options, machine, rows, deadline)


def run_together(options, machine, rows: Rows, deadline: float) -> None:
    """Measure models that train together, and train the packed experiments."""
    import gpu_experiments
    import gpu_together

    if "jax" not in machine.backends:
        print("Models train together on JAX alone, which does not run here.")
        return
    limit = min(deadline, time.monotonic() + options.together_seconds)
    if options.together_seconds:
        gpu_together.run(machine, rows, limit, options)
    if options.pack:
        gpu_experiments.run(machine, rows, deadline, options)


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
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=USUAL_PARTS)
    parser.add_argument(
        "--cases", default="", help="compare cases with this text, such as BLSTM"
    )
    parser.add_argument(
        "--settings", default="", help="measure settings with this text, such as paper"
    )
    add_together(parser)
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
    options = parser.parse_args(words)
    if options.tiny:
        options.scratch = options.scratch / "tiny"
    return options


def add_together(parser: argparse.ArgumentParser) -> None:
    """Add the options of the part `together`."""
    group = parser.add_argument_group("together")
    group.add_argument(
        "--models", nargs="+", type=int, help="numbers of models (default: 10 100)"
    )
    group.add_argument("--together-seconds", type=float, default=180)
    group.add_argument(
        "--pack",
        nargs="+",
        type=Path,
        default=[],
        help="packed experiments to train, in the order of --configs",
    )
    group.add_argument(
        "--configs",
        nargs="+",
        help="CONFIG[,KEY=VALUE …] (default: EMO-DB and RAVDESS with four classes)",
    )
    group.add_argument("--systems", nargs="+", default=gpu_specs.SYSTEMS)
    group.add_argument(
        "--together",
        nargs="+",
        type=int,
        default=[100],
        help="models of a group, for each of --systems; the last counts for all others",
    )
    group.add_argument(
        "--scratch",
        type=Path,
        default=Path(tempfile.gettempdir(), "keras_ser_gpu"),
        help="folder for models, checkpoints and features",
    )


if __name__ == "__main__":
    sys.exit(main())
