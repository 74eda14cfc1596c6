"""What a report says of its primary comparison, and of who named it."""

import collections
from collections.abc import Iterable

from keras_ser.reports.blocks import Block, Table
from keras_ser.reports.reading import Run
from keras_ser.reports.text import PRIMARY, counted

NAMED_LATE = (
    "The primary comparison was named for this report, not in the config of the runs."
)
NO_NAME = "none"  # in place of the primary system of a config that names none


def warn_of_primaries(runs: Iterable[Run], primary: str | None = None) -> list[str]:
    """A warning for each experiment whose runs record different primary systems.

    A config of a part of the systems names no primary system if it lacks that one.
    Runs that name none therefore count only if they are of a system that others name.

    Args:
        runs: From `reading.read_runs`.
        primary: The primary system that is named for the report, if any.
    """
    texts = []
    for experiment, counts in _count_primaries(runs).items():
        if len(counts) > 1:
            named = [f"{k} ({counted(n, 'run')})" for k, n in counts.items()]
            used = next(name for name in counts if name != NO_NAME)
            used = f"{primary}, where it is compared" if primary else used
            texts.append(
                f"WARNING: the configs of the runs of {experiment} name different "
                f"primary systems: {', '.join(named)}. The tables use {used}."
            )
    return texts


def _count_primaries(runs: Iterable[Run]) -> dict[str, collections.Counter[str]]:
    """How many runs name each primary system, or none, by experiment."""
    found: dict[str, list[tuple[str, str]]] = {}
    for run in runs:
        pair = run.system, run.config.get("primary") or NO_NAME
        found.setdefault(run.experiment, []).append(pair)
    return {
        experiment: collections.Counter(
            name
            for system, name in pairs
            if name != NO_NAME or system in {other for _, other in pairs}
        )
        for experiment, pairs in found.items()
    }


def describe_naming(
    blocks: Iterable[Block], used: str | None, recorded: str | None, reference: str
) -> list[str]:
    """What a report says below tables of who named their primary comparison.

    Args:
        blocks: The tables.
        used: Their primary system, if any.
        recorded: That of the config, if any.
        reference: The system that the others are compared with.
    """
    rows = [row for block in blocks if isinstance(block, Table) for row in block.rows]
    if any(row[-1] == PRIMARY for row in rows):
        return [] if used == recorded else [NAMED_LATE]
    if recorded == reference and len(rows) > 1:
        return [
            f"WARNING: the config names {recorded} as the primary system, but the "
            "others are compared with it here. No comparison is the primary one."
        ]
    return []
