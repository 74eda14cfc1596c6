"""How long the trainings of an experiment took, for docs/generate.py."""

import json
import statistics
from pathlib import Path

RESULTS = Path(__file__).parents[1] / "results"


def times(name: str) -> str:
    """The seconds of each system's trainings in `results/<name>.zip`.

    A training that was resumed counts all of its sessions.
    """
    from keras_ser.reports import reading

    seconds: dict[str, list[float]] = {}
    for run in reading.read_runs(RESULTS / f"{name}.zip"):
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


KINDS = {"times": times}
