"""Third part of the GPU benchmark: rates of models that train at the same time."""

import json
import time

import gpu_machine
from gpu_lines import lines_of
from gpu_rows import Rows

FULL = {
    "settings": (  # the most important ones first, in case the time is up
        {"system": "mtl_aug", "precision": "float32"},
        {"system": "baseline", "precision": "float32"},
        {"system": "mtl_aug", "precision": "bfloat16"},
        {"system": "baseline", "precision": "bfloat16"},
    ),
    "models": (10, 100),
}
SMALL = {"arguments": [["filters", [8, 8, 8]], ["kernels", [3, 3, 3]]], "bands": 16}
TINY = {
    "settings": tuple(
        {"system": name, "precision": "float32", "frames": 24, "batch": 4, **SMALL}
        for name in ("baseline", "mtl_aug")
    ),
    "models": (2,),
}
LEAST_SECONDS = 20  # with less time left, no setting is begun
KINDS = ("products", "grouped")


def run(machine: gpu_machine.Machine, rows: Rows, deadline: float, options) -> None:
    """Measures one setting after the other until the time is up."""
    sizes = TINY if options.tiny else FULL
    models = options.models or sizes["models"]
    for setting in sizes["settings"]:
        missing = candidates(rows, setting, models)
        if not missing:
            continue
        same = {"part": "together", **_names(setting)}
        if time.monotonic() > deadline - (0 if options.tiny else LEAST_SECONDS):
            for kind, count in missing:
                _add(rows, same, kind=kind, models=count, problem="the time was up")
            continue
        measure(machine, rows, deadline, options, setting, missing)


def candidates(rows: Rows, setting: dict, models) -> list[tuple[str, int]]:
    """What is not measured, or only with a problem; products come first."""
    wanted = [(kind, count) for kind in KINDS for count in models]
    found = rows.find(part="together", **_names(setting))
    done = {(row["kind"], row["models"]) for row in found if "rate" in row}
    tried = {
        (row["kind"], row["models"])
        for row in found
        if "GiB of memory" in row.get("problem", "")  # it would need too much again
    }
    return [each for each in wanted if each not in done | tried]


def measure(machine, rows: Rows, deadline, options, setting: dict, missing) -> None:
    """Adds the rows of a setting as they come."""
    argument = {"setting": setting, "candidates": missing, "rounds": options.rounds}
    environment = machine.environment("jax") | gpu_machine.WHOLE_GPU
    told = lines_of("gpu_together_worker.py", argument, environment, rows.log, deadline)
    same, seen = {"part": "together", **_names(setting)}, set()
    for row in told:
        if "end" not in row:
            seen.add((row["kind"], row["models"]))
            _add(rows, {"part": "together"}, **row)
        elif row["end"]:
            for kind, count in missing:
                if (kind, count) not in seen:
                    _add(rows, same, kind=kind, models=count, problem=row["end"])


def _names(setting: dict) -> dict:
    return {name: setting[name] for name in ("system", "precision")}


def _add(rows: Rows, same: dict, **row) -> None:
    rows.add(**same, **row)
    shown = {name: row.get(name, same.get(name)) for name in SHOWN}
    print(json.dumps({k: v for k, v in shown.items() if v is not None}), flush=True)


SHOWN = ("system", "precision", "kind", "models", "rate", "times", "compile", "problem")
