"""Files of a run that are missing or damaged are rejected by name."""

import json

import pytest
from toy_runs import make_config, predictions, write

from keras_ser import reports
from keras_ser.reports.run_files import MAX_RECEIVED, invalid_file


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda t: t.drop(columns=["head", "speaker"]), r"\['speaker', 'head'\]"),
        (lambda t: t.drop(columns="test"), r"without \['test'\]"),
        (lambda t: t.assign(test=""), "value of `test` in each row"),
        (lambda t: t[:0], "0 rows"),
        (lambda t: t.assign(prediction=""), "value of `prediction` in each row"),
        (lambda t: t.assign(fold=["03"] * 11 + ["08"]), "one run"),
        (lambda t: t.assign(repeat="first"), "a whole number as `repeat`"),
        (lambda t: t.assign(prediction="joy"), r"p_ columns.*Received: \['joy'\]"),
        (lambda t: t.assign(p_anger="high"), "numbers in `p_anger`. Received: text"),
        (lambda t: t.assign(p_anger=[None] + [0.5] * 11), "a probability for each"),
    ],
)
def test_bad_predictions_are_rejected_by_name(change, words, tmp_path):
    folder = write(tmp_path, predictions("mtl", "03"))
    change(predictions("mtl", "03")).to_csv(folder / "predictions.csv", index=False)
    with pytest.raises(ValueError, match=f"(?s)predictions.csv must hold.*{words}"):
        reports.read(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00broken", b'a,b\n"1,2\n3', b"a,b\n1,2,3\n4,5,6\n"]
)
def test_corrupt_predictions_are_rejected_by_name(content, tmp_path):
    folder = write(tmp_path, predictions("mtl", "03"))
    (folder / "predictions.csv").write_bytes(content)
    with pytest.raises(ValueError, match="predictions.csv must hold a .*CSV.*Delete"):
        reports.read(tmp_path)


def test_a_line_that_is_cut_is_rejected(tmp_path):
    path = write(tmp_path, predictions("mtl", "03")) / "predictions.csv"
    for size in (-8, -40):
        path.write_bytes(path.read_bytes()[:size])
        with pytest.raises(ValueError, match="predictions.csv must hold a"):
            reports.read(tmp_path)


def test_a_run_without_readable_settings_is_rejected(tmp_path):
    folder = write(tmp_path, predictions("mtl", "03"))
    (folder / "config.json").write_text('{"systems": {"baseline": {}}}')
    with pytest.raises(ValueError, match="config.json must hold.*`systems`.*'mtl'"):
        reports.read(tmp_path)
    config = make_config(predictions("mtl", "03"))
    (folder / "config.json").write_text(json.dumps({**config, "training": 3}))
    with pytest.raises(ValueError, match="config.json must hold an object as `train"):
        reports.read(tmp_path)
    (folder / "config.json").unlink()
    with pytest.raises(FileNotFoundError, match="must hold config.json.*03-0"):
        reports.read(tmp_path)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("published", 5, "text as `published`. Received: 5"),
        ("primary", 5, "text as `primary`. Received: 5"),
        ("corpus", ["emodb", 1], "a list of names as `corpus`"),
        ("tuned_on", "emodb/03", "a list of names as `tuned_on`"),
        ("features", {"speech_db": [40]}, "a number as `features.speech_db`"),
        (
            "systems",
            {"mtl": {"label_fraction": "half"}},
            "a number as `label_fraction`",
        ),
        ("systems", {"mtl": {"train_conditions": 3}}, "names as `train_conditions`"),
    ],
)
def test_settings_of_another_kind_are_rejected(key, value, words, tmp_path):
    table = predictions("mtl", "03")
    write(tmp_path, table, make_config(table, **{key: value}))
    with pytest.raises(ValueError, match=f"config.json must hold .*{words}"):
        reports.read(tmp_path)


def test_incomplete_metrics_are_rejected(tmp_path):
    folder = write(tmp_path, predictions("mtl", "03"))
    (folder / "metrics.json").write_text('{"epoch": 3}')
    with pytest.raises(ValueError, match=r"metrics.json must hold an object with"):
        reports.write(tmp_path, tmp_path / "out")
    (folder / "metrics.json").write_text("{")
    with pytest.raises(ValueError, match="metrics.json"):
        reports.write(tmp_path, tmp_path / "out")


def test_a_message_has_a_bounded_length(tmp_path):
    error = invalid_file(tmp_path, "a number", "x" * 10 * MAX_RECEIVED)
    assert f"Received: {'x' * MAX_RECEIVED}…. Delete" in str(error)
