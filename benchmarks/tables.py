"""Functions that the benchmarks share: interleaved rounds, tables and result files.

A script that is called with `--keep` writes its table, and a description of the
machine, to `benchmarks/results/<name>.md`. docs/performance.md includes it from there.
"""

import argparse
import os
import platform
import time
from collections.abc import Callable, Iterable, Mapping
from importlib import metadata
from pathlib import Path

import numpy as np

from keras_ser.experiments import environment

RESULTS = Path(__file__).parent / "results"


def make_parser(description: str, rounds: int = 5) -> argparse.ArgumentParser:
    """Make a parser with the options that all scripts have."""
    made = argparse.ArgumentParser(description=description.splitlines()[0])
    made.add_argument("--rounds", type=int, default=rounds, help="rounds to measure")
    made.add_argument(
        "--keep", action="store_true", help="write the table to benchmarks/results/"
    )
    made.add_argument("--note", default="", help="conditions to write below the table")
    return made


def time_interleaved(
    candidates: Mapping[str, Callable],
    rounds: int,
    clock: Callable = time.perf_counter,
) -> dict[str, list]:
    """Time each candidate in each round, after one round that is not counted.

    Every round runs every candidate once, so that a slow phase of the machine affects
    all of them.

    Returns:
        The seconds of each round, by the candidate's name.
    """
    times: dict[str, list] = {name: [] for name in candidates}
    for number in range(rounds + 1):
        for name, run in candidates.items():
            start = clock()
            run()
            if number:
                times[name].append(clock() - start)
    return times


def median_ratio(ours: Iterable[float], theirs: Iterable[float]) -> float:
    """How many times as fast ours is: the median of the ratios of single rounds."""
    return float(np.median(np.divide(list(theirs), list(ours))))


def format_table(header: Iterable[str], rows: Iterable[Iterable]) -> str:
    """Format a Markdown table: text in the first column, numbers in the others."""
    header = list(header)
    lines = [
        "| " + " | ".join(header) + " |",
        "|---" + "|---:" * (len(header) - 1) + "|",
    ]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    return "\n".join(lines)


def show(
    name: str,
    table: str,
    options: argparse.Namespace,
    packages: Iterable[str] = (),
) -> None:
    """Print a table and a description of the machine; with `--keep`, write them too."""
    text = f"{table}\n\n{describe_machine(packages)}"
    if options.note:
        text = f"{text} {options.note}"
    print(text)
    if options.keep:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{name}.md").write_text(f"{text}\n", encoding="utf-8")


def describe_machine(packages: Iterable[str] = ()) -> str:
    """Describe the processor, the cores and the versions in one line."""
    versions = [f"{each} {metadata.version(each)}" for each in packages]
    parts = [
        f"{environment.processor()}, {os.cpu_count()} cores",
        f"Python {platform.python_version()}",
    ]
    return "; ".join([*parts, *versions]) + "."
