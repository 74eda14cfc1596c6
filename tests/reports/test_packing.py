"""Packing: the same runs give the same bytes, and nothing is lost by accident."""

import json
import os
import shutil
import zipfile

import pytest
from toy_runs import make_config, predictions, write, write_probes

from keras_ser import reports
from keras_ser.reports import archives


def content(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_an_archive_holds_what_reports_read(runs, tmp_path):
    extra = runs / "toy/mtl/03-0"
    for name in ("model.keras", "preprocessing.json", "skipped.csv"):
        (extra / name).write_text("utterance\nemodb/x\n")
    write_probes(extra)
    (extra / "environment.json").write_text("{}")
    (extra / "logs").mkdir()
    (extra / "logs" / "events").write_text("")
    (path,) = reports.pack(runs, tmp_path / "out")
    assert path == tmp_path / "out" / "toy.zip"
    found = content(path)
    own = {name.rpartition("/")[2] for name in found if name.startswith("mtl/03-0/")}
    assert own == set(archives.MEMBERS)
    names = {name.rpartition("/")[0] for name in found}
    jobs = [f"{fold}-{repeat}" for fold in ("03", "08", "10") for repeat in (0, 1)]
    assert names == {f"{s}/{job}" for s in ("mtl", "baseline") for job in jobs}
    for name, data in found.items():
        assert data == (runs / "toy" / name).read_bytes()


def test_bytes_depend_on_the_files_of_the_runs_alone(runs, tmp_path):
    (first,) = reports.pack(runs, tmp_path / "one")
    moved = shutil.copytree(runs, tmp_path / "elsewhere" / "deep")
    for path in moved.rglob("*.csv"):
        os.utime(path, (1, 1))
        path.chmod(0o600)
    folders = [path.parent for path in sorted(moved.rglob("metrics.json"))]
    (second,) = reports.pack(folders[::-1], tmp_path / "two")
    assert first.read_bytes() == second.read_bytes()
    (third,) = reports.pack(first, tmp_path / "three")  # an archive is packed again
    assert first.read_bytes() == third.read_bytes()
    with zipfile.ZipFile(first) as archive:
        members = archive.infolist()
    assert [m.filename for m in members] == sorted(m.filename for m in members)
    assert {m.date_time for m in members} == {archives.EPOCH}
    assert {m.external_attr >> 16 for m in members} == {0o100644}


def test_each_experiment_has_an_archive(runs, tmp_path):
    write(runs, predictions("mtl", "03", experiment="second"))
    paths = reports.pack(runs, tmp_path / "out")
    assert [path.name for path in paths] == ["second.zip", "toy.zip"]
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "second.zip",
        "toy.zip",
    }
    assert len(reports.read(paths)) == 144 + 12


def test_other_content_is_replaced_only_if_that_is_asked_for(runs, tmp_path):
    (path,) = reports.pack(runs, tmp_path / "out")
    before, stamp = path.read_bytes(), path.stat().st_mtime_ns
    assert reports.pack(runs, tmp_path / "out") == [path]
    assert path.stat().st_mtime_ns == stamp  # it was left as it is
    write(runs, predictions("mtl", "11"))
    with pytest.raises(ValueError, match="other content. Choose.*replace=True"):
        reports.pack(runs, tmp_path / "out")
    assert path.read_bytes() == before
    reports.pack(runs, tmp_path / "out", replace=True)
    assert "mtl/11-0/config.json" in content(path)
    path.write_bytes(b"no archive")
    with pytest.raises(ValueError, match="with other content"):
        reports.pack(runs, tmp_path / "out")
    assert path.read_bytes() == b"no archive"


def test_runs_are_added_to_an_archive(runs, tmp_path):
    (path,) = reports.pack(runs / "toy/mtl", tmp_path / "out")
    reports.pack([path, runs / "toy/baseline"], tmp_path / "out", replace=True)
    (whole,) = reports.pack(runs, tmp_path / "whole")
    assert path.read_bytes() == whole.read_bytes()


def test_runs_that_cannot_be_read_are_not_packed(runs, tmp_path):
    (runs / "toy/mtl/08-0/metrics.json").unlink()
    with pytest.raises(FileNotFoundError, match="must hold metrics.json.*08-0"):
        reports.pack(runs, tmp_path / "out")
    (runs / "toy/mtl/03-0/predictions.csv").write_text("a,b\n")
    with pytest.raises(ValueError, match="predictions.csv must hold"):
        reports.pack(runs, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("column", ["experiment", "system", "fold"])
def test_names_that_leave_the_folder_are_rejected(column, tmp_path):
    table = predictions("mtl", "03")
    folder = write(tmp_path / "runs", table)
    table = table.assign(**{column: "../../x"})
    table.to_csv(folder / "predictions.csv", index=False)
    (folder / "config.json").write_text(json.dumps(make_config(table)))
    with pytest.raises(ValueError, match="becomes a folder's name"):
        reports.pack(tmp_path / "runs", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_interrupted_packing_leaves_nothing(runs, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise OSError("disk full")

    monkeypatch.setattr(zipfile.ZipFile, "writestr", fail)
    with pytest.raises(OSError, match="disk full"):
        reports.pack(runs, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_temporary_names_are_unique(runs, tmp_path, monkeypatch):
    names = []
    real = archives.Path.replace

    def record(self, target):
        names.append(self.name)
        return real(self, target)

    monkeypatch.setattr(archives.Path, "replace", record)
    for place in ("one", "two"):
        reports.pack(runs, tmp_path / place)
    assert len(set(names)) == 2
    assert all(name.startswith(".") and name.endswith("-toy.zip") for name in names)
