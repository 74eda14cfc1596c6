"""What the benchmarks share: interleaved rounds, a table, and the file that keeps it.

A script that is called with `--keep` writes its table, and the machine it was measured
on, to `benchmarks/results/<name>.md`; docs/performance.md takes it from there.
"""

import argparse
import os
import platform
import time
from collections.abc import Callable, Iterable, Mapping
from importlib import metadata
from pathlib import Path

import numpy as np

RESULTS = Path(__file__).parent / "results"


def parser(description: str, rounds: int = 5) -> argparse.ArgumentParser:
    """A parser with what all scripts take."""
    made = argparse.ArgumentParser(description=description.splitlines()[0])
    made.add_argument("--rounds", type=int, default=rounds)
    made.add_argument("--keep", action="store_true", help="write benchmarks/results/")
    made.add_argument("--note", default="", help="conditions, kept beside the table")
    return made


def interleaved(
    candidates: Mapping[str, Callable], rounds: int, clock=time.perf_counter
) -> dict[str, list[float]]:
    """Seconds of each candidate in each round, after one round that is not counted.

    Every round runs every candidate once, so that a slow spell of the machine meets
    all of them.
    """
    times = {name: [] for name in candidates}
    for number in range(rounds + 1):
        for name, run in candidates.items():
            start = clock()
            run()
            if number:
                times[name].append(clock() - start)
    return times


def ratio(ours: Iterable[float], theirs: Iterable[float]) -> float:
    """How many times as fast we are: the median of the rounds' own ratios."""
    return float(np.median(np.divide(list(theirs), list(ours))))


def markdown(header: Iterable[str], rows: Iterable[Iterable]) -> str:
    """A table whose first column is text and whose others are numbers."""
    header = list(header)
    lines = [
        "| " + " | ".join(header) + " |",
        "|---" + "|---:" * (len(header) - 1) + "|",
    ]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    return "\n".join(lines)


def show(name: str, table: str, options, packages: Iterable[str] = ()) -> None:
    """Prints a table; with `--keep` also writes it beside the machine's description."""
    text = f"{table}\n\n{machine(packages)}"
    if options.note:
        text = f"{text} {options.note}"
    print(text)
    if options.keep:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{name}.md").write_text(f"{text}\n", encoding="utf-8")


def machine(packages: Iterable[str] = ()) -> str:
    """Processor, cores and versions, as one line."""
    versions = [f"{each} {metadata.version(each)}" for each in packages]
    parts = [
        f"{_processor()}, {os.cpu_count()} cores",
        f"Python {platform.python_version()}",
    ]
    return "; ".join([*parts, *versions]) + "."


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if "model name" in line]
    return names[0] if names else platform.processor() or platform.machine()
