"""Test sets: a corpus, or one after training on another."""

import re

import pandas as pd
import pytest
from toy_runs import (
    make_config,
    numbers,
    predictions,
    report_text,
    table_rows,
    task,
    write,
)

from keras_ser import reports
from keras_ser.reports.test_sets import base_protocol, format_test_set


@pytest.mark.parametrize(
    ("settings", "protocol"),
    [
        ({"protocol": "k_fold", "protocol_arguments": {"folds": 3}}, "k_fold"),
        (
            {
                "protocol": "label_fraction",
                "protocol_arguments": {"protocol": "k_fold"},
            },
            "k_fold",
        ),
        (
            {
                "protocol": "label_fraction",
                "protocol_arguments": {
                    "protocol": "cross_corpus",
                    "arguments": {"train": "a", "test": "b"},
                },
            },
            "cross_corpus",
        ),
        ({}, ""),
    ],
)
def test_the_inner_protocol_decides(settings, protocol):
    assert base_protocol(settings) == protocol


@pytest.mark.parametrize(
    ("test_set", "title"),
    [
        ("emodb", "emodb"),
        ("ravdess>emodb", "ravdess → emodb"),
        ("synthetic", "synthetic speech"),
        ("synthetic>emodb", "synthetic → emodb (synthetic speech)"),
        ("emodb:far", "emodb (far)"),
        ("ravdess>emodb:far", "ravdess → emodb (far)"),
        ("synthetic:far", "synthetic speech (far)"),
        ("emodb:synthetic", "emodb (synthetic)"),
        ("emodb+ravdess:in_domain", "emodb+ravdess (in domain)"),
        ("emodb:far_field", "emodb (far_field)"),
    ],
)
def test_titles_of_test_sets(test_set, title):
    assert format_test_set(test_set) == title


def test_a_corpus_after_training_on_another_is_a_test_set(cross_corpus_runs, tmp_path):
    text = report_text(cross_corpus_runs, tmp_path)
    assert "## toy: ravdess → emodb, clean" in text
    assert "corpora ravdess, emodb, label set" in text


def test_a_hyphen_in_a_corpus_is_no_arrow(tmp_path):
    table = predictions("baseline", "1").assign(fold="my-calls-emodb")
    protocol = {"protocol": "cross_corpus", "corpus": ["my-calls", "emodb"]}
    write(tmp_path / "runs", table, make_config(table, **protocol))
    text = report_text(tmp_path / "runs", tmp_path)
    assert "## toy: my-calls → emodb, clean" in text


def test_predictions_by_test_set_are_labelled_ones_of_one_condition(cross_corpus_runs):
    table = predictions("baseline", "2", experiment="within")
    noisy = table.assign(condition="noise:all:10")
    unlabelled = table.assign(truth="", utterance=table["utterance"] + "x")
    for part in (table, noisy.assign(fold="3"), unlabelled.assign(fold="4")):
        write(cross_corpus_runs, part)
    clean = reports.by_test_set(cross_corpus_runs)
    assert list(clean) == ["emodb", "ravdess → emodb"]
    assert set(clean["ravdess → emodb"]["system"]) == {"baseline", "mtl_aug"}
    assert len(clean["emodb"]) == 12 and set(clean["emodb"]["fold"]) == {"2"}
    noisy = reports.by_test_set(cross_corpus_runs, "noise:all:10")
    assert list(noisy) == ["emodb"] and set(noisy["emodb"]["fold"]) == {"3"}


def main_rows(text):
    """The title of each section, and the utterances that its main table counts."""
    for part in re.split("^## toy: ", text, flags=re.M)[1:]:
        title = part.partition("\n")[0]
        if f"**{title}: scores" in part:
            yield title, table_rows(part, f"{title}: scores")["mtl"][2]


def test_test_tables_of_a_fold_have_sections_of_their_own(tmp_path):
    near = predictions("mtl", "03")
    far = predictions("mtl", "03", rows=9).assign(test="far")  # the same utterances
    other = predictions("mtl", "03", rows=6).assign(test="far", corpus="ravdess")
    write(tmp_path / "runs", pd.concat([near, far, other]))
    write(tmp_path / "runs", predictions("mtl", "08"))  # has one table only
    text = report_text(tmp_path / "runs", tmp_path, formats=("md", "png"))
    assert dict(main_rows(text)) == {
        "emodb (far), clean": "9",
        "emodb (test), clean": "24",
        "ravdess (far), clean": "6",
    }
    assert (tmp_path / "confusion_mtl_emodb-far.png").exists()
    found = reports.by_test_set(tmp_path / "runs")
    assert {title: len(rows) for title, rows in found.items()} == {
        "emodb (far)": 9,
        "emodb (test)": 24,
        "ravdess (far)": 6,
    }


def test_a_single_test_table_of_another_name_is_named(tmp_path):
    write(tmp_path / "runs", predictions("mtl", "03", test="far"))
    write(tmp_path / "runs", predictions("mtl", "03", experiment="usual"))
    assert list(reports.by_test_set(tmp_path / "runs")) == ["emodb", "emodb (far)"]


def test_test_tables_after_training_on_another_corpus_share_its_name(tmp_path):
    table = predictions("mtl", "1").assign(fold="my-calls-emodb")
    other = table.assign(test="third", corpus="cafe")
    config = make_config(table, protocol="cross_corpus", corpus=["my-calls", "emodb"])
    write(tmp_path / "runs", pd.concat([table, other]), config)
    assert list(reports.by_test_set(tmp_path / "runs")) == [
        "my-calls → cafe (third)",
        "my-calls → emodb (test)",
    ]


def test_whole_corpora_after_training_on_another_need_no_further_name(tmp_path):
    """The folds of `held_out_corpora`."""
    table = predictions("baseline", "1").assign(fold="my-calls-cafe+emodb")
    both = [table.assign(test=name, corpus=name) for name in ("cafe", "emodb")]
    config = make_config(
        table, protocol="held_out_corpora", corpus=["my-calls", "cafe", "emodb"]
    )
    write(tmp_path / "runs", pd.concat(both), config)
    assert list(reports.by_test_set(tmp_path / "runs")) == [
        "my-calls → cafe",
        "my-calls → emodb",
    ]


@pytest.mark.parametrize("protocol", ["held_out_corpora", "leave_one_corpus_out"])
def test_numbered_folds_share_their_test_sets(tmp_path, protocol):
    """The folds of `groups`, of which the tenth tests nobody in domain."""
    names = ["my-calls", "ravdess", "cafe-1"]
    for number in (1, 2, 10):
        fold = f"my-calls+ravdess-cafe-1-{number}"
        parts = [predictions("mtl", "1", test="cafe-1", corpus="cafe-1")]
        if number < 10:  # the second of them of one corpus only
            inside = predictions("mtl", str(number), test="in_domain")
            parts += [inside.assign(corpus=name) for name in names[:2][number - 1 :]]
        table = pd.concat(parts).assign(fold=fold)
        config = make_config(table, protocol=protocol, corpus=names)
        write(tmp_path / "runs", table, config)
    found = reports.by_test_set(tmp_path / "runs")
    assert {title: set(rows["fold"].str[-2:]) for title, rows in found.items()} == {
        "my-calls+ravdess (in domain)": {"-1", "-2"},
        "my-calls+ravdess → cafe-1": {"-1", "-2", "10"},
    }


def test_a_number_may_belong_to_a_corpus(tmp_path):
    table = predictions("mtl", "1").assign(fold="a-b-1", test="b-1", corpus="b-1")
    config = make_config(table, protocol="held_out_corpora", corpus=["a", "b-1"])
    write(tmp_path / "runs", table, config)
    assert list(reports.by_test_set(tmp_path / "runs")) == ["a → b-1"]


def test_a_table_called_like_another_corpus_is_named(tmp_path):
    table = predictions("mtl", "03", test="ravdess")  # of emodb
    write(tmp_path / "runs", pd.concat([table, table.assign(test="emodb")]))
    assert list(reports.by_test_set(tmp_path / "runs")) == ["emodb", "emodb (ravdess)"]


def test_systems_are_compared_on_the_same_test_table(tmp_path):
    for system in ("baseline", "mtl"):
        near = predictions(system, "03")
        far = predictions(system, "03", repeat=1).assign(repeat=0, test="far")
        write(tmp_path / "runs", pd.concat([near, far]))
    text = report_text(tmp_path / "runs", tmp_path)
    for title, rows in reports.by_test_set(tmp_path / "runs").items():
        parts = dict(list(rows.groupby("system")))
        expected = reports.difference(parts["mtl"], parts["baseline"])
        assert expected.utterances == 12 and not expected.partial
        found = table_rows(text, f"{title}, clean: scores")["mtl"]
        assert found[5:7] == expected.cells()
    both = reports.read(tmp_path / "runs")
    parts = dict(list(both.groupby("system")))
    assert reports.difference(parts["mtl"], parts["baseline"]).utterances == 12
    assert len(both) == 48


def test_a_head_may_be_asked_for(tmp_path):
    table = predictions("mtl", "03")
    config = make_config(table, tasks=[task("emotion"), task("valence", "regression")])
    write(tmp_path / "runs", pd.concat([table, numbers(table)]), config)
    for head, expected in ((None, "emotion"), ("valence", "valence")):
        (rows,) = reports.by_test_set(tmp_path / "runs", head=head).values()
        assert set(rows["head"]) == {expected} and len(rows) == 12
    with pytest.raises(ValueError, match=r"one of the heads.*valence.*'gender'"):
        reports.by_test_set(tmp_path / "runs", head="gender")
