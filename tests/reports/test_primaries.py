"""What a report says of who named its primary comparison, and when."""

from pathlib import Path

import pytest
from toy_runs import make_config, predictions, report_text, table_rows, write

SPEAKERS = ("03", "08", "09", "10", "11", "12")
LATE = (
    "The primary comparison was named for this report, not in the config of the runs."
)


def write_runs(root: Path, repeats=1, **primaries: str) -> Path:
    """Runs of systems with the primary system that each of them records."""
    for system, primary in primaries.items():
        for fold in SPEAKERS:
            for repeat in range(repeats):
                table = predictions(system, fold, repeat, rows=20)
                write(root, table, make_config(table, primary=primary))
    return root


def last_cells(text: str) -> dict[str, str]:
    rows = table_rows(text, "emodb, clean: scores")
    return {name: row[8] for name, row in rows.items()}


@pytest.mark.parametrize(
    ("recorded", "given", "is_late"),
    [
        ("mtl", None, False),
        ("mtl", "mtl", False),
        ("mtl", "other_net", True),
        ("", "mtl", True),
        ("", None, False),
    ],
)
def test_a_primary_system_that_is_named_late_is_told(
    tmp_path, recorded, given, is_late
):
    systems = dict.fromkeys(("baseline", "mtl", "other_net"), recorded)
    runs = write_runs(tmp_path / "runs", **systems)
    text = report_text(runs, tmp_path, primary=given)
    assert text.count(LATE) == is_late
    used = given or recorded
    cells = last_cells(text)
    assert [k for k, cell in cells.items() if cell == "primary"] == [used] * bool(used)


def test_it_is_told_below_the_tables_that_have_it(tmp_path):
    runs = write_runs(tmp_path / "runs", baseline="", mtl="", other_net="")
    for system in ("baseline", "other_net"):
        for fold in SPEAKERS:
            table = predictions(system, fold, experiment="second")
            write(tmp_path / "runs", table)
    text = report_text(runs, tmp_path, primary="mtl")
    first, second = text.split("## toy: emodb, clean\n")
    assert LATE in second.split("UAR % of each fold")[0] and LATE not in first


@pytest.mark.parametrize(
    ("systems", "primary"),
    [(("baseline", "mtl", "other_net"), "baseline"), (("mtl", "other_net"), "mtl")],
)
def test_a_config_that_names_the_reference_is_told(tmp_path, systems, primary):
    runs = write_runs(tmp_path / "runs", **dict.fromkeys(systems, primary))
    text = report_text(runs, tmp_path)
    words = f"WARNING: the config names {primary} as the primary system, but the others"
    assert text.count(words) == 1
    assert "primary" not in last_cells(text).values()
    alone = report_text(runs / "toy" / primary, tmp_path)
    assert "WARNING: the config names" not in alone


def test_a_late_name_replaces_that_of_the_reference(tmp_path):
    runs = write_runs(tmp_path / "runs", baseline="baseline", mtl="baseline", x="")
    text = report_text(runs, tmp_path, primary="mtl")
    assert "WARNING: the config names" not in text and LATE in text


def test_runs_that_name_different_primary_systems_are_told(tmp_path):
    systems = {"baseline": "mtl", "mtl": "mtl", "other_net": "other_net"}
    runs = write_runs(tmp_path / "runs", **systems)
    text = report_text(runs, tmp_path)
    words = (
        "WARNING: the configs of the runs of toy name different primary systems: "
        "mtl (12 runs), other_net (6 runs). The tables use "
    )
    assert text.count(f"{words}mtl.") == 1
    assert last_cells(text)["mtl"] == "primary"
    text = report_text(runs, tmp_path, primary="other_net")
    assert f"{words}other_net, where it is compared." in text
    assert last_cells(text)["other_net"] == "primary"


def test_runs_of_the_primary_system_that_name_none_are_told(tmp_path):
    """It was named after these runs."""
    runs = write_runs(tmp_path / "runs", baseline="", mtl="", other_net="")
    for fold in SPEAKERS[:2]:
        table = predictions("mtl", fold, 1, rows=20)
        write(runs, table, make_config(table, primary="mtl"))
    text = report_text(runs, tmp_path)
    assert "primary systems: none (6 runs), mtl (2 runs). The tables use mtl." in text


def test_runs_of_a_part_of_the_systems_may_name_none(tmp_path):
    """A part without the primary system names none; the others count."""
    runs = write_runs(tmp_path / "runs", baseline="", mtl="mtl", other_net="")
    text = report_text(runs, tmp_path)
    assert "WARNING" not in text and LATE not in text
    assert last_cells(text)["mtl"] == "primary"
