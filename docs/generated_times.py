"""How long trainings took, and how fast they are, for docs/generate.py."""

import functools
import json
import re
import statistics
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "results"
PRESETS = ("small", "paper")


def times(read: Callable, name: str) -> str:
    """The seconds of each system's trainings in `results/<name>.zip`.

    A training that was resumed counts all of its sessions.
    """
    seconds: dict[str, list[float]] = {}
    for run in read(RESULTS / f"{name}.zip"):
        text = (run.folder / "environment.json").read_text(encoding="utf-8")
        seconds.setdefault(run.system, []).append(json.loads(text)["seconds"])
    rows = ["| system | trainings | seconds, median | shortest | longest |"]
    rows.append("|---|---:|---:|---:|---:|")
    for system, values in sorted(seconds.items(), key=_median):
        numbers = statistics.median(values), min(values), max(values)
        cells = (f"`{system}`", str(len(values)), *(f"{each:.0f}" for each in numbers))
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _median(item: tuple[str, list[float]]) -> float:
    return statistics.median(item[1])


def rivals(_: str) -> str:
    """The ratios to the fastest rival that `benchmarks/training.py` has kept."""
    ratios: dict[str, list[str]] = {"EMO-DB": [], "full": []}
    for preset in PRESETS:
        path = ROOT / "benchmarks" / "results" / f"training_{preset}_cpu_float32.md"
        text = path.read_text(encoding="utf-8")
        for lengths, found in ratios.items():
            pattern = rf"{lengths}: fastest rival \|  \| \*\*([\d.]+)\*\*"
            (ratio,) = re.findall(pattern, text)
            found.append(ratio)
    first, *others = PRESETS
    (small, *padded), (full, *more) = ratios.values()
    return (
        f"On one CPU thread and utterances as long as those of EMO-DB, MTL-AUG "
        f"(preset `{first}`) trains {small} times as fast as the fastest PyTorch "
        f"version that it was compared with{_of(others, padded)}. Without any padding "
        f"it trains {full} times as fast{_of(others, more)}."
    )


def _of(presets, ratios: list[str]) -> str:
    """The ratios of other presets, in brackets."""
    pairs = zip(presets, ratios, strict=True)
    return f" ({', '.join(f'`{preset}`: {ratio}' for preset, ratio in pairs)})"


def kinds(read: Callable) -> dict[str, Callable]:
    """What this module generates; `read` reads the runs of an archive."""
    return {"times": functools.partial(times, read), "rivals": rivals}
