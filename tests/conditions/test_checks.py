"""Checks of an experiment's conditions."""

import pytest

from keras_ser import conditions


@pytest.mark.parametrize(
    ("texts", "options", "words"),
    [
        ([], {}, "must be `clean`, followed by other"),
        (["gain:1"], {}, "must be `clean`, followed by other"),
        (["gain:1", "clean"], {}, "must be `clean`, followed by other"),
        (["clean", "gain:1", "gain:1.0"], {}, "each of them once"),
        (
            ["clean", "noise:all:10"],
            {},
            r"\['noise:all:10'\] mix in noise.*without",
        ),
        (["clean", "bim:0.1"], {"classical": ["svm"]}, r"gradient.*\['svm'\]"),
        (["clean", "fog"], {}, "Condition must be one of"),
    ],
)
def test_conditions_that_cannot_be_tested_are_rejected(texts, options, words):
    with pytest.raises(ValueError, match=words):
        conditions.check(texts, **options)


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ([], "one or more conditions"),
        (["gain:1", "gain:1.0"], "each of them once"),
        (["clean", "bim:0.1"], r"\['bim:0.1'\], which follow the gradient"),
        (["noise:all:10"], r"\['noise:all:10'\] mix in noise.*without"),
        (["fog"], "Condition must be one of"),
    ],
)
def test_conditions_that_cannot_be_trained_under_are_rejected(texts, words):
    with pytest.raises(ValueError, match=words):
        conditions.check_training(texts)


def test_a_system_may_be_trained_under_all_others():
    conditions.check_training(["clean"])
    conditions.check_training(["gain:-20", "clean", "noise:all:10"], noise="demand")


def test_an_experiment_may_be_tested_under_all_others():
    conditions.check(["clean"])
    conditions.check(["clean", "noise:all:10", "pgd:0.1"], noise="demand")
    conditions.check(["clean", "gain:3"], classical=["svm"])
