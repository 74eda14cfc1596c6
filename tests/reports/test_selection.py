"""What reports say of selected epochs, shared speakers and skipped utterances."""

import json

import pytest
from toy_runs import (
    change_config,
    make_config,
    predictions,
    report_text,
    table_rows,
    write,
)

from keras_ser import reports
from keras_ser.cli import main as cli

CAPTION = (
    "toy: selected epoch of each repeat, counted from 1, and the number of epochs that "
    "were run"
)


def test_selected_epochs_and_different_numbers_of_updates(runs, tmp_path):
    write(runs, predictions("mtl", "03", 0), epoch=4, updates_per_epoch=85)
    text = report_text(runs, tmp_path)
    rows = table_rows(text, CAPTION)
    assert list(rows) == ["03", "08", "10"]
    assert rows["03"] == ["dev accuracy", "17, 85", "3 of 5, 3 of 5", "4 of 5, 3 of 5"]
    assert rows["10"] == ["dev accuracy", "17", "3 of 5, 3 of 5", "3 of 5, 3 of 5"]
    assert "WARNING: in toy, the systems differ in updates per epoch." in text


def test_systems_without_epochs_are_named_below_the_table(runs, tmp_path):
    for fold in ("03", "08"):
        nothing = {"epoch": None, "updates_per_epoch": None}
        table = predictions("svm", fold)
        folder = write(runs, table, selected_by="nothing: fixed", **nothing)
        (folder / "history.csv").unlink()
    text = report_text(runs, tmp_path)
    rows = table_rows(text, CAPTION)
    assert rows["03"] == ["dev accuracy", "17", "3 of 5, 3 of 5", "3 of 5, 3 of 5"]
    assert "\n\nsvm: selected by nothing: fixed.\n" in text


def test_systems_that_select_nothing_have_no_table_of_epochs(tmp_path):
    nothing = {"epoch": None, "selected_by": "nothing: fixed"}
    folder = write(tmp_path / "runs", predictions("svm", "03"), **nothing)
    (folder / "history.csv").unlink()
    text = report_text(tmp_path / "runs", tmp_path)
    assert "selected epoch" not in text
    assert "svm: selected by nothing: fixed." in text


def test_disjoint_speakers_are_reported(text):
    assert "Speakers shared between train, dev and test: none (12 runs)." in text


def test_speakers_of_another_type_are_rejected(tmp_path):
    sides = {"train": ["x"], "dev": ["y"], "test": ["emodb/03"]}
    for speakers in (
        ["x"],
        {"train": ["x"], "dev": ["y"]},  # a missing side would seem to share nobody
        {**sides, "dev": "y"},
        {**sides, "train": [3]},
    ):
        write(tmp_path / "runs", predictions("mtl", "03"), speakers=speakers)
        with pytest.raises(ValueError, match="metrics.json must hold `speakers` with"):
            report_text(tmp_path / "runs", tmp_path)


@pytest.mark.parametrize(
    "speakers, sides",
    [
        ({"train": ["x", "y"], "dev": ["y"]}, "train and dev: y"),
        ({"train": ["x"], "dev": ["emodb/03"]}, "dev and test: emodb/03"),
        ({"train": ["emodb/03"], "dev": []}, "train and test: emodb/03"),
    ],
)
def test_shared_speakers_are_an_error_line(speakers, sides, tmp_path):
    speakers = {**speakers, "test": ["emodb/03"]}
    write(tmp_path / "runs", predictions("mtl", "03"), speakers=speakers)
    text = report_text(tmp_path / "runs", tmp_path)
    line = f"ERROR: speakers shared between {sides} (mtl, fold 03 repeat 0)."
    assert line in text
    assert "none (" not in text
    assert [f"ERROR: {each}" for each in reports.shared_speakers(tmp_path)] == [line]


def test_check_speakers_raises_only_if_speakers_are_shared(runs):
    reports.check_speakers(runs)
    for fold in ("03", "08"):
        speakers = {"train": ["x", "y"], "dev": ["y"], "test": [f"emodb/{fold}"]}
        write(runs, predictions("mtl", fold), speakers=speakers)
    first = r"speakers shared between train and dev: y \(mtl, fold 03 repeat 0\)\."
    with pytest.raises(RuntimeError, match=f"Received: 2 that do, the first: {first}"):
        reports.check_speakers(runs)


def test_shared_speakers_end_the_command_with_exit_code_1(runs, capsys):
    words = ["report", str(runs), "--format", "md"]
    assert cli.main(cli.parser().parse_args(words)) == 0
    assert reports.shared_speakers(runs) == []
    path = runs / "toy/mtl/08-1/metrics.json"
    metrics = json.loads(path.read_text())
    metrics["speakers"]["train"].append("emodb/08")
    path.write_text(json.dumps(metrics))
    capsys.readouterr()
    assert cli.main(cli.parser().parse_args(words)) == 1
    written = capsys.readouterr()
    line = "speakers shared between train and test: emodb/08 (mtl, fold 08 repeat 1)."
    text = (runs / "report" / "report.md").read_text(encoding="utf-8")
    assert f"ERROR: {line}" in text
    assert line in written.err and written.err.count("\n") == 1


def test_a_protocol_that_lets_test_speakers_select_is_a_warning_and_no_error(tmp_path):
    sides = {"train": ["x"], "dev": ["emodb/03"], "test": ["emodb/03"]}
    write(tmp_path / "runs", predictions("mtl", "03"), speakers=sides)
    (path,) = (tmp_path / "runs").rglob("metrics.json")
    metrics = json.loads(path.read_text())
    path.write_text(json.dumps({**metrics, "test_speakers_select": True}))
    text = report_text(tmp_path / "runs", tmp_path)
    assert reports.shared_speakers(tmp_path / "runs") == []
    assert "WARNING: the protocol lets test speakers select the epoch" in text
    assert "in fold 03. The scores of such a fold are optimistic." in text
    assert "none (" not in text


@pytest.mark.parametrize(
    ("select", "words"),
    [("best", "may suit new speakers badly"), ("last", "select no epoch, because")],
)
def test_training_speakers_in_the_development_speech_are_named(tmp_path, select, words):
    table = predictions("mtl", "03")
    config = change_config(table, "training.select", select)
    sides = {"train": ["emodb/08"], "dev": ["emodb/08"], "test": ["emodb/03"]}
    options = {"speakers": sides, "train_speakers_select": True}
    write(tmp_path / "runs", table, config, epoch=5, **options)
    probe = predictions("probe", "03")  # has no epochs
    write(
        tmp_path / "runs",
        probe,
        change_config(probe, "training.select", select),
        **options,
    )
    text = report_text(tmp_path / "runs", tmp_path)
    assert reports.shared_speakers(tmp_path / "runs") == []
    assert "in fold 03, because the corpus has too few speakers." in text
    assert words in text


@pytest.mark.parametrize(("fit_on", "is_warned"), [("all", True), ("train", False)])
def test_clusters_of_the_ratings_of_test_speakers_are_a_warning(
    tmp_path, fit_on, is_warned
):
    table = predictions("mtl", "03")
    labels = {"kind": "clusters", "count": 2, "fit_on": fit_on}
    centroids = {"cluster_1": {"activation": 2.0, "valence": 3.0}}
    config = make_config(table, labels=labels)
    write(tmp_path / "runs", table, config, clusters=centroids)
    text = report_text(tmp_path / "runs", tmp_path)
    words = "WARNING: in toy, the classes are clusters of the ratings of all labelled"
    assert (words in text) is is_warned
    assert ("ratings of test speakers help define the classes" in text) is is_warned


def test_nothing_selects_the_last_epoch(tmp_path):
    table = predictions("mtl", "03")
    config = change_config(table, "training.select", "last")
    nothing = "nothing: the last epoch is tested"
    sides = {"train": ["x"], "dev": ["emodb/03"], "test": ["emodb/03"]}
    options = {"speakers": sides, "test_speakers_select": True}
    write(tmp_path / "runs", table, config, epoch=5, selected_by=nothing, **options)
    text = report_text(tmp_path / "runs", tmp_path)
    rows = table_rows(text, CAPTION.replace("selected", "last"))
    assert rows["03"] == [nothing, "17", "5 of 5"]
    assert "selected epoch" not in text and "WARNING: the protocol" not in text
    assert "The development speech has test speakers" in text
    assert "in fold 03. They select no epoch, because the last one is tested." in text


@pytest.mark.parametrize(
    "content", [b"", b"epoch\n", b'a,b\n"1,2\n3', b"\xff\xfe\x00x"]
)
def test_a_damaged_history_is_rejected_by_name(content, tmp_path):
    folder = write(tmp_path / "runs", predictions("mtl", "03"))
    (folder / "history.csv").write_bytes(content)
    with pytest.raises(ValueError, match="history.csv must hold a CSV file.*Delete"):
        report_text(tmp_path / "runs", tmp_path)


def test_skipped_utterances_are_counted_once_and_named(tmp_path):
    for system in ("baseline", "mtl"):
        folder = write(tmp_path / "runs", predictions(system, "03"))
        if system == "mtl":
            lines = ["utterance,file,reason", 'b,b.wav,"cut, or so"', "a,a.wav,silent"]
            (folder / "skipped.csv").write_text("\n".join(lines))
    found = report_text(tmp_path / "runs", tmp_path / "report")
    assert "not usable: none" not in found
    assert "not usable: 2, in 1 of 2 runs: a, b (see skipped.csv" in found


def test_no_more_than_six_skipped_utterances_are_named(tmp_path):
    folder = write(tmp_path / "runs", predictions("mtl", "03"))
    names = "\n".join(f"u{number}" for number in range(10))
    (folder / "skipped.csv").write_text(f"utterance\n{names}\n")
    found = report_text(tmp_path / "runs", tmp_path / "report")
    assert "not usable: 10, in 1 of 1 runs: u0, u1, u2, u3, u4, u5 and 4 more" in found


def test_runs_that_skipped_nothing_are_reported(text):
    assert "Utterances skipped because their audio is not usable: none." in text


def test_a_damaged_list_of_skipped_utterances_is_rejected(tmp_path):
    folder = write(tmp_path / "runs", predictions("mtl", "03"))
    (folder / "skipped.csv").write_text("nothing\n1\n")
    with pytest.raises(ValueError, match="skipped.csv must hold a CSV file with"):
        report_text(tmp_path / "runs", tmp_path / "report")


ALPHA = (
    "toy: α, the weight of the attributes in the loss, at the epoch that is tested, "
    "mean over runs, with the range where they differ"
)


def test_the_weight_of_attributes_has_a_table_if_a_run_has_one(runs, tmp_path):
    assert "α" not in report_text(runs, tmp_path)
    for fold, alpha in (("03", 0.1), ("08", 0.2), ("10", 0.3)):
        for repeat in (0, 1):
            write(runs, predictions("mtl", fold, repeat), alpha=alpha)
            write(runs, predictions("constant", fold, repeat), alpha=0.1)
    rows = table_rows(report_text(runs, tmp_path), ALPHA)
    assert rows == {"constant": ["6", "0.100"], "mtl": ["6", "0.200 (0.100 to 0.300)"]}


@pytest.mark.parametrize("alpha", ["0.1", -0.1, 1.5, True])
def test_a_weight_of_another_kind_is_rejected(tmp_path, alpha):
    write(tmp_path / "runs", predictions("mtl", "03"), alpha=alpha)
    with pytest.raises(ValueError, match="metrics.json must hold a number from 0 to 1"):
        report_text(tmp_path / "runs", tmp_path)
