"""Only what the package has written is removed."""

import pytest

from keras_ser.experiments import plan, removal
from keras_ser.utils import files

CONFIG = {"name": "toy_smoke", "corpus": "synthetic", "fold": "1", "repeat": 0}


@pytest.fixture
def smoke(tmp_path):
    """The folder of a smoke run with all that the package writes."""
    folder = tmp_path / "toy_smoke"
    run, report = folder / "mtl" / "s01-0", folder / "report"
    (run / "logs" / "train").mkdir(parents=True)
    (run / "logs" / "train" / "events.out.tfevents.1.host.2.v2").touch()
    for name in removal.RUN_FILES:
        (run / name).touch()
    (run / ".3f2a-history.csv").touch()  # killed while it wrote
    files.write_json(run / "config.json", CONFIG)
    unfinished = folder / "mtl" / "s02-0.partial"
    files.write_json(unfinished / "environment.json", {})
    for name in ("s02-0.lock", "s02-0.lock.held.removal", "s02-0.log"):
        (folder / "mtl" / name).touch()
    (folder / ".DS_Store").touch()
    files.write_text(report / "report.md", "![Recall](speakers.png)")
    for name in ("report.tex", "speakers.png"):
        (report / name).touch()
    return folder


def test_a_smoke_run_is_removed(smoke):
    plan.clear(smoke)
    assert not smoke.exists()


@pytest.mark.parametrize(
    "name", ["._config.json", ".nfs000000000a1b2c3d", "logs/.DS_Store"]
)
def test_files_of_the_system_are_removed_with_a_smoke_run(smoke, name):
    (smoke / "mtl" / "s01-0" / name).touch()
    plan.clear(smoke)
    assert not smoke.exists()


@pytest.mark.parametrize(
    "path",
    [
        "thesis.tex",
        "notes/a.txt",
        "mtl/notes.txt",
        "mtl/photos/1.jpg",
        "mtl/s01-0/notes.txt",
        "mtl/s01-0/logs/notes.txt",
        "mtl/s02-0.partial/model.keras",  # without a record of a smoke run
        "report/notes.md",
        "report/holiday.png",
        "report/pictures/speakers.png",
    ],
)
def test_a_folder_with_anything_else_stays(smoke, path):
    files.write_text(smoke / path, "dear")
    with pytest.raises(ValueError, match=f"replaces {smoke}. .* Received: {smoke}"):
        plan.clear(smoke)
    assert (smoke / path).read_text() == "dear"
    assert (smoke / "mtl" / "s01-0" / "model.keras").exists()


@pytest.mark.parametrize(
    "change",
    [
        {"corpus": "emodb"},  # an experiment on speech that is called like this
        {"corpus": ["synthetic", "emodb"]},
        {"name": "other"},
        {"corpus": None},
    ],
)
def test_runs_of_another_experiment_stay(smoke, change):
    run = smoke / "mtl" / "s01-0"
    files.write_json(run / "config.json", {**CONFIG, **change})
    with pytest.raises(ValueError, match=f"Received: {run}\\. Move or delete"):
        plan.clear(smoke)
    assert run.exists()


def test_a_folder_that_only_shares_the_name_stays(tmp_path):
    folder = tmp_path / "toy_smoke"
    files.write_text(folder / "2024" / "model-1" / "config.json", "{}")
    with pytest.raises(ValueError, match="nothing but an earlier smoke run"):
        plan.clear(folder)
    assert (folder / "2024" / "model-1" / "config.json").exists()


def test_a_record_of_another_program_is_no_run(smoke):
    files.write_json(
        smoke / "mtl" / "s01-0" / "config.json", {**CONFIG, "corpus": [["a"]]}
    )
    with pytest.raises(ValueError, match="replaces"):
        plan.clear(smoke)
    assert smoke.exists()


def test_nothing_behind_a_link_is_removed(smoke, tmp_path):
    precious = files.write_text(tmp_path / "elsewhere" / "model.keras", "dear")
    for link in (
        smoke / "linked",
        smoke / "mtl" / "s03-0",
        smoke / "mtl" / "s03-0.log",
    ):
        link.symlink_to(precious.parent)
        with pytest.raises(ValueError, match=f"Received: {link}"):
            plan.clear(smoke)
        link.unlink()
    moved = smoke.rename(tmp_path / "moved")
    smoke.symlink_to(moved)
    with pytest.raises(ValueError, match=f"Received: {smoke}"):
        plan.clear(smoke)
    assert precious.read_text() == "dear"


def test_files_of_others_stay_in_a_run_that_starts_again(smoke):
    run = smoke / "mtl" / "s01-0"
    files.write_text(run / "notes.txt", "dear")
    (run / "mine").mkdir()
    removal.remove_run_files(run, keep=("config.json", "logs"))
    left = {path.name for path in run.iterdir()}
    assert left == {"config.json", "logs", "mine", "notes.txt"}
    removal.remove_run_files(run)
    assert {path.name for path in run.iterdir()} == {"mine", "notes.txt"}
