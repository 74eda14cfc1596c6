"""The table of the seconds that trainings took."""

import json
import runpy
from pathlib import Path
from types import SimpleNamespace

MODULE = Path(__file__).parents[1] / "docs" / "generated_times.py"


def test_each_system_has_the_median_and_the_extremes(tmp_path):
    runs = []
    for system, seconds in [("slow", 20.4), ("quick", 3.2), ("slow", 40), ("slow", 30)]:
        folder = tmp_path / str(len(runs))
        folder.mkdir()
        (folder / "environment.json").write_text(json.dumps({"seconds": seconds}))
        runs.append(SimpleNamespace(system=system, folder=folder))
    asked = []
    kinds = runpy.run_path(str(MODULE))["kinds"]
    made = kinds(lambda path: asked.append(path) or runs)
    table = made["times"]("toy").splitlines()
    assert table[2:] == ["| `quick` | 1 | 3 | 3 | 3 |", "| `slow` | 3 | 30 | 20 | 40 |"]
    assert asked[0].name == "toy.zip"
