"""The demonstration writes a report and pictures into its folder only."""

import dataclasses
import os

from keras_ser import corpora
from keras_ser.cli import demo
from keras_ser.experiments.config import Features, Training

NAMES = ("s04", "s09", "s03", "s08", "s01", "s02")


def test_a_report_and_pictures_are_written(spoken_table, tmp_path, monkeypatch, capsys):
    speakers = sorted(set(spoken_table.speaker))
    renamed = dict(zip(speakers, NAMES, strict=True))
    table = spoken_table.assign(
        corpus="synthetic",
        speaker=[f"synthetic/{renamed[name]}" for name in spoken_table.speaker],
    )
    known = dataclasses.replace(corpora.CORPORA["synthetic"], read=lambda root: table)
    monkeypatch.setitem(corpora.CORPORA, "synthetic", known)
    config = dataclasses.replace(
        demo.CONFIG,
        features=Features(settings={"n_mels": 16}, seconds=1.0),
        training=Training(batch=4, epochs=1),
    )
    monkeypatch.setattr(demo, "CONFIG", config)
    monkeypatch.chdir(tmp_path)
    demo.run("out")
    assert os.listdir(tmp_path) == ["out"]
    text = capsys.readouterr().out
    for system in demo.CONFIG.systems:
        lines = [each.split() for each in text.splitlines()]
        (cells,) = [each for each in lines if each[:1] == [system]]
        assert any("[" in each for each in cells)  # its interval
    assert "demo: synthetic speech, 2 speakers, chance 50.0" in text
    assert "tensorboard --logdir out" in text
    assert "keras-ser predict out/runs/demo/" in text
    assert "| System |" not in text  # the report stays in its file
    assert (tmp_path / "out/runs/demo/report/report.md").exists()
    pictures = [line.strip() for line in text.splitlines() if line.endswith(".png")]
    assert len(pictures) >= 6
    for picture in pictures:
        assert (tmp_path / picture).read_bytes().startswith(b"\x89PNG")


def test_the_frozen_corpus_has_the_speakers_of_the_demonstration():
    chosen = {*demo.TEST_SPEAKERS, *demo.DEV_SPEAKERS}
    assert len(chosen) == 4
    assert chosen <= {f"synthetic/s{number:02d}" for number in range(1, 11)}
