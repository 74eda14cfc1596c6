"""Test sets: a corpus, or one after training on another."""

import pytest
from toy_runs import make_config, predictions, report_text, write

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
