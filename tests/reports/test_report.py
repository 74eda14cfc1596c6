"""The written files: the same runs give the same bytes."""

import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from toy_runs import predictions, report_text, write

from keras_ser import reports


def read_folder(folder: Path) -> dict[str, bytes]:
    """The bytes of each file in a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_bytes_depend_neither_on_the_place_nor_on_the_order_of_runs(runs, tmp_path):
    written = reports.write(runs, tmp_path / "one")
    expected = ["report.md", "report.tex", "systems.png", "speakers.png"]
    expected += ["confusion_baseline.png", "confusion_mtl.png"]
    assert [path.name for path in written] == expected
    moved = tmp_path / "elsewhere" / "deep"
    shutil.copytree(runs, moved)
    for path in moved.rglob("predictions.csv"):  # rows in another order
        pd.read_csv(path, dtype=str).sample(frac=1, random_state=0).to_csv(
            path, index=False
        )
    folders = [path.parent for path in sorted(moved.rglob("metrics.json"))]
    reports.write(folders[::-1], tmp_path / "two")
    pd.testing.assert_frame_equal(reports.read(folders[::-1]), reports.read(runs))
    assert read_folder(tmp_path / "one") == read_folder(tmp_path / "two")
    assert set(read_folder(tmp_path / "one")) == set(expected)


def test_a_report_holds_no_path_and_links_only_written_files(runs, tmp_path):
    reports.write(runs, tmp_path / "out")
    text = (tmp_path / "out/report.md").read_text(encoding="utf-8")
    assert str(tmp_path) not in text
    links = set(re.findall(r"\]\((.*?)\)", text))
    assert links == {path.name for path in (tmp_path / "out").glob("*.png")}
    assert "](" not in report_text(runs, tmp_path / "plain")
    assert set(read_folder(tmp_path / "plain")) == {"report.md"}


def test_bytes_do_not_depend_on_models(cross_corpus_runs, tmp_path):
    config = next(cross_corpus_runs.rglob("config.json"))
    model = config.with_name("model.keras")
    model.write_text("a model")
    first = report_text(cross_corpus_runs, tmp_path / "one")
    model.unlink()
    assert report_text(cross_corpus_runs, tmp_path / "two") == first


def test_unknown_formats_are_rejected(tmp_path):
    write(tmp_path, predictions("mtl", "03"))
    for formats in (["md", "pdf"], "pdf"):
        with pytest.raises(ValueError, match="`formats` must be any of"):
            reports.write(tmp_path, tmp_path / "out", formats)
    assert not (tmp_path / "out").exists()
    written = reports.write(tmp_path, tmp_path / "out", "md")  # a text is one format
    assert [path.name for path in written] == ["report.md"]
