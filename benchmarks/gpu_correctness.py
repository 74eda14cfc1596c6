"""First part of the GPU benchmark: results on the GPU against those on the CPU.

Each backend computes the cases of `benchmarks/gpu_cases.py` on the CPU in float32. It
computes them on the device in float32, with products rounded to TF32, and in mixed
precision. A deviation is

    ‖x − r‖ / max(‖r‖, 0.01 ‖r_max‖)

with the result x on the device, the reference r, and the largest reference r_max of the
same quantity in the same case. The largest deviation of a quantity is compared with its
tolerance.
"""

import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from multiprocessing.pool import ThreadPool
from pathlib import Path

import gpu_machine
import numpy as np
from gpu_rows import Rows
from gpu_tolerances import TOLERANCES

SCRIPT = gpu_machine.HERE / "gpu_cases.py"
REFERENCE = "cpu"
OPTIONAL = ("librosa", "soundfile", "tensorflow")
FLOOR = 0.01


def run(machine: gpu_machine.Machine, rows: Rows, deadline: float, options) -> None:
    """Compute everything, as many processes at a time as there are cores; compare."""
    precisions = [name for name in TOLERANCES if name != "tf32" or not options.tiny]
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        files = {
            (backend, precision): Path(folder) / f"{backend}-{precision}"
            for precision in (REFERENCE, *precisions)
            for backend in machine.backends
        }

        def compute(key):
            words = [files[key], "--only", options.cases]
            return finish(start(machine, *key, words, rows.log), deadline)

        with ThreadPool(os.cpu_count()) as pool:
            ended = zip(files, pool.imap(compute, files), strict=True)
            for (backend, precision), problem in ended:
                here = read(files[backend, precision], problem)
                found[backend, precision] = here
                if precision != REFERENCE:
                    reference = found[backend, REFERENCE]
                    rows.add_all(compare(backend, precision, here, reference))
    for first, second in itertools.pairwise(machine.backends):
        pair = (found[second, REFERENCE], found[first, REFERENCE])
        rows.add_all(compare(f"{second} and {first}", "float32", *pair))


def start(machine, backend: str, precision: str, words, log) -> subprocess.Popen:
    on_cpu = precision == REFERENCE
    used = "float32" if on_cpu else precision
    return subprocess.Popen(
        [sys.executable, SCRIPT, *words, "--precision", used],
        env=machine.environment(backend, on_cpu),
        stdout=log,
        stderr=log,
    )


def finish(process: subprocess.Popen, deadline: float) -> str:
    """Wait for a process; returns what went wrong, or nothing."""
    try:
        status = process.wait(max(0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return "it did not end in time"
    return "" if status == 0 else f"its process ended with status {status}"


def read(path: Path, problem: str) -> dict:
    """What a process wrote: `arrays`, `problems` by case, `lstm`, and its own end."""
    if problem:
        return {"arrays": {}, "problems": {}, "lstm": None, "end": problem}
    with np.load(path.with_suffix(".npz")) as archive:
        arrays = dict(archive)
    told = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    return {"arrays": arrays, "end": "", **told}


def compare(backend: str, precision: str, found: dict, reference: dict) -> list[dict]:
    """Rows with the largest deviation of each quantity of each case."""
    same = {"part": "correctness", "backend": backend, "precision": precision}
    if found["end"] or reference["end"]:
        who = "on the device" if found["end"] else "on the CPU"
        problem = f"{who}, {found['end'] or reference['end']}"
        return [{**same, "case": "all", "quantity": "", "problem": problem}]
    rows = [
        {**same, "case": case, "quantity": quantity, **measured}
        for (case, quantity), measured in deviations(
            found["arrays"], reference["arrays"], precision
        ).items()
    ]
    problems = reference["problems"] | found["problems"]
    differing = found["arrays"].keys() ^ reference["arrays"].keys()
    for case in sorted({key.partition("|")[0] for key in differing} - set(problems)):
        problem = "one device computed arrays that the other did not"
        rows.append({**same, "case": case, "quantity": "", "problem": problem})
    for case, problem in problems.items():
        is_both = case in reference["problems"] and case in found["problems"]
        row = {**same, "case": case, "quantity": "", "problem": problem}
        rows.append({**row, "needs": is_both and lacks_package(problem)})
    return [*rows, {**same, "part": "lstm", "kernel": found["lstm"]}]


def lacks_package(problem: str) -> bool:
    """Whether an error says that a package is missing that a GPU machine may lack."""
    is_import = problem.startswith(("ImportError", "ModuleNotFoundError"))
    return is_import and any(name in problem for name in OPTIONAL)


def deviations(found: dict, reference: dict, precision: str) -> dict:
    """From case and quantity to the largest deviation, its tolerance and the verdict.

    Args:
        found: Arrays by `case|quantity/name`.
        reference: The same on the CPU.
        precision: One of `TOLERANCES`.
    """
    gradients, others = TOLERANCES[precision]
    groups: dict[tuple, list] = {}
    for key in found.keys() & reference.keys():
        case, _, name = key.partition("|")
        groups.setdefault((case, name.partition("/")[0]), []).append(key)
    measured = {}
    for (case, quantity), keys in sorted(groups.items()):
        tolerance = gradients if quantity == "gradients" else others
        largest = max(map(norm, (reference[key] for key in keys)))
        deviation = max(deviate(found[key], reference[key], largest) for key in keys)
        measured[case, quantity] = {
            "deviation": deviation,
            "tolerance": tolerance,
            "passed": bool(deviation <= tolerance),
        }
    return measured


def deviate(found, reference, largest: float) -> float:
    """Relative Euclidean distance; infinity for other shapes or values not finite."""
    if found.shape != reference.shape or not np.isfinite(found).all():
        return float("inf")
    scale = max(norm(reference), FLOOR * largest)
    distance = norm(found.astype(float) - reference)
    return distance / scale if scale else distance


def norm(array) -> float:
    return float(np.linalg.norm(array.astype(float)))
