"""Attributes of speakers: held-out utterances of training speakers are kept apart."""

import json

import pandas as pd
import pytest
from toy_runs import (
    CLASSES,
    make_config,
    predictions,
    report_text,
    table_rows,
    task,
    write,
)

from keras_ser import reports
from keras_ser.reports import summary, tested

CAPTION = "toy: attributes of speakers"
TASKS = [task("emotion"), task("speaker"), task("gender")]


def attribute(table, head, classes, right, test) -> pd.DataFrame:
    """Rows of a head with classes in turn, of which the first `right` are right."""
    rows = table.drop(columns=[f"p_{name}" for name in CLASSES]).assign(
        head=head, test=test, utterance=table["utterance"] + f" {test}"
    )
    rows["truth"] = [classes[n % len(classes)] for n in range(len(rows))]
    others = [classes[(n + 1) % len(classes)] for n in range(len(rows))]
    rows["prediction"] = [
        truth if n < right else other
        for n, (truth, other) in enumerate(zip(rows["truth"], others, strict=True))
    ]
    for name in classes:
        rows[f"p_{name}"] = (rows["prediction"] == name).astype(float)
    return rows


def write_run(root, system, fold, speakers, right, heard=True, **changes):
    """A run with the heads of both attributes, scored on held-out utterances."""
    table = predictions(system, fold)
    held = pd.concat(
        [
            attribute(table, "speaker", speakers, right, "heard"),
            attribute(table, "gender", ["f", "m"], 12, "heard"),
        ]
    )
    held = held if heard else held.iloc[:0]
    known = attribute(table, "gender", ["f", "m"], 9, "test")
    config = make_config(
        table,
        tasks=TASKS,
        **{
            "heard_fraction": 0.2,
            tested.HEARD_KEY: tested.fingerprint(held),
            **changes,
        },
    )
    scores = json.loads(json.dumps(summary.summarise_heard(held)))
    return write(root, pd.concat([table, held, known]), config, heard=scores)


def attribute_cells(text, corpus=None) -> dict[tuple[str, ...], list[str]]:
    """The cells of the table by system, head, test and corpus.

    With `corpus`, all rows must be of this corpus, and the key has no corpus.
    """
    title = text.split(f"**{CAPTION}**\n\n")[1].split("\n\n")[0].splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in title]
    assert rows[0][3] == "Corpus"
    if corpus is None:
        return {tuple(row[:4]): row[4:] for row in rows[2:]}
    assert {row[3] for row in rows[2:]} == {corpus}
    return {tuple(row[:3]): row[4:] for row in rows[2:]}


@pytest.fixture
def heard_runs(tmp_path):
    root = tmp_path / "runs"
    write_run(root, "mtl", "03", list("abc"), 12)
    write_run(root, "mtl", "08", list("abcd"), 6)
    write_run(root, "single", "03", list("abc"), 6)
    return root


def test_heard_utterances_enter_no_other_score(heard_runs, tmp_path):
    table = reports.read(heard_runs)
    assert set(table["test"]) == {"test"}
    assert set(table["head"]) == {"emotion", "gender"}
    assert not [name for name in table if name in ("p_a", "p_d")]
    text = report_text(heard_runs, tmp_path)
    plain = tmp_path / "plain"
    for system, fold in (("mtl", "03"), ("mtl", "08"), ("single", "03")):
        write_run(plain, system, fold, list("abc"), 12, heard=False)
    other = report_text(plain, tmp_path / "other")
    end = "## Attributes"
    assert end in text and end not in other
    emotion = text.split("## toy: emodb, clean, emotion")[1].split("## ")[0]
    assert emotion == other.split("## toy: emodb, clean, emotion")[1].split("## ")[0]


def test_the_table_has_both_kinds_of_tests(heard_runs, tmp_path):
    text = report_text(heard_runs, tmp_path)
    cells = attribute_cells(text, "emodb")
    assert list(cells) == [
        ("mtl", "speaker", "heard"),
        ("single", "speaker", "heard"),
        ("mtl", "gender", "heard"),
        ("single", "gender", "heard"),
        ("mtl", "gender", "test"),
        ("single", "gender", "test"),
    ]
    # Folds with 3 and 4 speakers: (1/3 + 1/4) / 2 is chance.
    assert cells["mtl", "speaker", "heard"] == [
        *("2", "12", "3 to 4", "75.0", "75.0", "29.2", "29.2")
    ]
    assert cells["single", "speaker", "heard"] == [
        *("1", "12", "3", "50.0", "50.0", "33.3", "33.3")
    ]
    # Of six utterances per class, 5 and 4 of the first nine are right.
    assert cells["mtl", "gender", "test"][-5:] == ["2", "75.0", "75.0", "50.0", "50.0"]
    assert "Held out of each training speaker: 20 %" in text


def write_with_auxiliary(root, system, right):
    """A run of fold 03 with 12 held-out rows per corpus, of which some are right."""
    table, names = predictions(system, "03"), [*"abc", *"xyz"[: 3 * ("aux" in right)]]
    parts = []
    for corpus, count in right.items():
        own = names[3:] if corpus == "aux" else names[:3]
        part = attribute(table, "speaker", own, count, "heard")
        part = part.assign(corpus=corpus, utterance=corpus + part["utterance"])
        parts.append(part.assign(**{f"p_{each}": 0.0 for each in {*names} - {*own}}))
    held = pd.concat(parts)
    config = make_config(
        table,
        tasks=TASKS,
        corpus=["own", "emodb"],
        heard_fraction=0.2,
        **{tested.HEARD_KEY: tested.fingerprint(held)},
    )
    scores = json.loads(json.dumps(summary.summarise_heard(held)))
    write(root, pd.concat([table, held]), config, heard=scores)


def test_corpora_are_separate_and_the_labelled_ones_come_first(tmp_path):
    root, own = tmp_path / "runs", {"emodb": 9, "own": 3}
    write_with_auxiliary(root, "few", own)
    write_with_auxiliary(root, "more", {"aux": 12, **own})
    text = report_text(root, tmp_path)
    cells = attribute_cells(text)
    assert [(*key[:1], key[3]) for key in cells] == [
        *(("few", "own"), ("more", "own"), ("few", "emodb"), ("more", "emodb")),
        ("more", "aux"),
    ]
    few, more = ("few", "speaker", "heard"), ("more", "speaker", "heard")
    # Chance and classes are those of the head, whichever corpus a row is about.
    assert cells[*few, "emodb"] == ["1", "12", "3", "75.0", "75.0", "33.3", "33.3"]
    assert cells[*more, "emodb"] == ["1", "12", "6", "75.0", "75.0", "16.7", "33.3"]
    assert cells[*more, "own"][:4] == ["1", "12", "6", "25.0"]
    assert cells[*more, "aux"][:4] == ["1", "12", "6", "100.0"]
    assert "Only rows of the same head, test and corpus are about the same" in text


def test_there_is_no_section_without_held_out_utterances(runs, tmp_path):
    assert "## Attributes" not in report_text(runs, tmp_path)


def test_a_test_table_of_earlier_runs_may_be_called_heard(tmp_path):
    table = predictions("mtl", "03", test="heard")
    write(tmp_path / "runs", table)
    assert set(reports.read(tmp_path / "runs")["test"]) == {"heard"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda rows: rows[rows["head"] != "speaker"], "held-out utterances, speakers"),
        (lambda rows: rows[rows["test"] != "heard"], "held-out utterances, speakers"),
        (
            lambda rows: rows.assign(
                prediction=rows["prediction"].where(rows["head"] != "speaker", "a")
            ),
            "the class of the highest probability",
        ),
    ],
)
def test_an_edit_does_not_go_unnoticed(heard_runs, change, words):
    path = heard_runs / "toy" / "single" / "03-0" / "predictions.csv"
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    change(rows).to_csv(path, index=False)
    with pytest.raises(ValueError, match=words):
        reports.read(heard_runs)


def test_other_scores_in_metrics_are_rejected(heard_runs):
    path = heard_runs / "toy" / "single" / "03-0" / "metrics.json"
    metrics = json.loads(path.read_text())
    metrics["heard"]["speaker"]["uar"] += 0.1
    path.write_text(json.dumps(metrics))
    with pytest.raises(ValueError, match="the scores of predictions.csv.*heard.speake"):
        reports.read(heard_runs)


def test_the_unlabelled_corpora_are_named_with_their_utterances(runs, tmp_path):
    both = ["ravdess", "librispeech"]
    for fold, count in (("03", 1440), ("08", 1380)):
        counts = {
            "librispeech": {"speakers": 251, "utterances": 251},
            "ravdess": {"speakers": count // 60, "utterances": count},
        }
        table = predictions("more", fold)
        config = make_config(table, {"use_unlabelled": True}, unlabelled_corpus=both)
        write(runs, table, config, unlabelled=counts)
    table = predictions("none", "03")
    own = {"use_unlabelled": True, "unlabelled_speakers": 0}
    write(runs, table, make_config(table, own, unlabelled_corpus=both))
    table = predictions("some", "03")
    own = {"use_unlabelled": True, "unlabelled_speakers": 8}
    counts = {"ravdess": {"speakers": 8, "utterances": 480}}
    config = make_config(table, own, unlabelled_corpus="ravdess")
    write(runs, table, config, unlabelled=counts)
    rows = table_rows(report_text(runs, tmp_path), "toy: systems")
    assert rows["more"][-1] == (
        "librispeech (251 utterances of 251 speakers), "
        "ravdess (1380 to 1440 utterances of 23 to 24 speakers)"
    )
    assert rows["none"][-1] == "none"
    assert rows["some"][-1] == ("8 speakers: ravdess (480 utterances of 8 speakers)")
