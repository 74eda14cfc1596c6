"""Fourth part of the GPU benchmark: packed experiments, trained together.

Each system of each experiment is trained by a process of its own. Models and the cache
stay in a scratch folder. The finished runs are packed into `OUT/<experiment>.zip` after
each process, also after one that was stopped. A later call with the same `OUT` trains
what is missing: it unpacks these archives if the scratch folder lacks their runs, and
resumes from the checkpoints in the scratch folder if it is still there.
"""

import json
import subprocess
import time
from pathlib import Path

import gpu_machine
import gpu_specs
import numpy as np
from gpu_lines import lines_of
from gpu_rows import Rows

LEAST_SECONDS = 30  # with less time left, no training is begun
PACK_SECONDS = 20  # are kept for packing what is finished
SHOW_SECONDS = 20


def run(machine: gpu_machine.Machine, rows: Rows, deadline: float, options) -> None:
    """Trains one system after the other until the time is up."""
    texts = options.configs or (gpu_specs.TINY if options.tiny else gpu_specs.FULL)
    runs = options.scratch / "runs"
    _call(machine, rows, "unpack", options.out, runs)
    for text, pack in zip(texts, options.pack, strict=False):
        for system in options.systems:
            same = {"part": "experiments", "experiment": gpu_specs.title(text)}
            same |= {"system": system}
            if is_done(rows.find(**same)):
                continue
            limit = deadline - PACK_SECONDS
            if time.monotonic() > limit - (0 if options.tiny else LEAST_SECONDS):
                rows.add(**same, problem="the time was up")
                continue
            train(machine, rows, limit, options, text, pack, same)
            _call(machine, rows, "pack", options.out, runs)


def is_done(rows: list[dict]) -> bool:
    """Whether all jobs of a system are finished."""
    return any(row.get("jobs") and row["done"] == row["jobs"] for row in rows)


def train(machine, rows: Rows, limit, options, text, pack, same: dict) -> None:
    """Trains a system, and adds its row."""
    config, _ = gpu_specs.parse(text)
    scratch = options.scratch
    arguments = {
        "config": config,
        "packed": str(pack),
        "together": group_size(options, same["system"]),
        "systems": [same["system"]],
        "overrides": gpu_specs.changes_of(text, options.tiny),
        "out": str(scratch / "runs"),
        "cache": str(scratch / "cache"),
    }
    environment = machine.environment("jax") | gpu_machine.WHOLE_GPU
    environment["JAX_COMPILATION_CACHE_DIR"] = str(scratch / "jax")
    started, figures = time.monotonic(), Figures()
    print(f"{same['experiment']}, {same['system']}", flush=True)
    for line in lines_of(
        "gpu_experiment_worker.py", arguments, environment, rows.log, limit
    ):
        figures.add(line)
    seconds = time.monotonic() - started
    done = finished(scratch / "runs", figures.name, same["system"])
    row = {**same, **figures.summary(), "done": done, "seconds": seconds}
    rows.add(**row)
    print(json.dumps(row), flush=True)


def group_size(options, system: str) -> int:
    """The largest number of models of a system that train at the same time."""
    place = list(options.systems).index(system)
    return options.together[min(place, len(options.together) - 1)]


def finished(runs: Path, experiment: str, system: str) -> int:
    """The number of finished runs of a system."""
    found = (runs / experiment / system).glob("*/metrics.json")
    return sum(not path.parent.name.endswith(".partial") for path in found)


class Figures:
    """What a process has said so far; see `gpu_experiment_worker`."""

    def __init__(self):
        self.name, self.jobs = "none", 0
        self.groups, self.compiled, self.trained = [], [], []
        self.epochs: list[tuple[int, float]] = []
        self.before: float | None = None
        self.problem = ""
        self._shown = 0.0

    def add(self, line: dict) -> None:
        self.name = line.get("experiment", self.name)
        self.jobs = line.get("jobs", self.jobs)
        self.problem = line.get("problem") or line.get("end") or self.problem
        if "epoch" in line:
            self.epochs.append((line["models"], line["epoch"]))
        elif "models" in line:
            self.groups.append(line["models"])
            self.before = line["at"] if self.before is None else self.before
        for name, known in (("compile", self.compiled), ("trained", self.trained)):
            known += [line[name]] if name in line else []
        if time.monotonic() > self._shown + SHOW_SECONDS or "compile" in line:
            self._shown = time.monotonic()
            print(json.dumps(line), f"{len(self.epochs)} epochs", flush=True)

    def summary(self) -> dict:
        """A row without its names. The first epoch of a group is not in the median."""
        later = [seconds for _, seconds in self.epochs[1:]]
        first = [seconds for _, seconds in self.epochs[:1]]
        told = {
            "jobs": self.jobs,
            "groups": self.groups,
            "before": self.before,
            "compile": self.compiled,
            "first_epoch": first[0] if first else None,
            "epoch": float(np.median(later)) if later else None,
            "epochs": len(self.epochs),
            "trained": self.trained,
        }
        return told | ({"problem": self.problem} if self.problem else {})


def _call(machine, rows: Rows, command: str, out: Path, runs: Path) -> None:
    """Packs or unpacks finished runs, in a process that has pandas."""
    words = (gpu_machine.HERE / "gpu_archives.py", command, out, runs)
    done = machine.python(*words, stdout=subprocess.PIPE, stderr=rows.log, text=True)
    print(done.stdout, end="", flush=True)
    if done.returncode:
        rows.add(
            part="experiments",
            experiment="all",
            system="all",
            problem=(f"the finished runs could not be {command}ed; see gpu.log"),
        )
