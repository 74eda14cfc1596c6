"""Corpora of two or three speakers: the test speaker is never heard in training."""

import pytest

from keras_ser.protocols import few_speakers

EMOTIONS = ("anger", "sadness") * 10  # of each speaker


@pytest.mark.parametrize("names", ["ab", "abc"])
def test_each_speaker_is_tested_by_others(toy_table, names):
    table = toy_table(names, EMOTIONS)
    folds = few_speakers(table)
    assert list(folds) == list(names)
    for name, fold in folds.items():
        others = [f"toy/{each}" for each in names if each != name]
        assert fold.speakers() == {
            "train": others,
            "dev": others,
            "test": [f"toy/{name}"],
        }
        sides = [set(side.utterance) for side in fold.sides().values()]
        assert sum(map(len, sides)) == len(set().union(*sides)) == len(table)
        assert fold.dev.speaker.value_counts().to_dict() == dict.fromkeys(others, 2)
        assert fold.train_speakers_select
        assert fold.selected_by.startswith("held-out utterances of training speakers")


def test_the_draw_depends_on_the_seed(toy_table):
    table = toy_table("ab", EMOTIONS)
    one, same, other = (
        set(few_speakers(table, fraction=0.3, seed=seed)["a"].dev.utterance)
        for seed in (0, 0, 1)
    )
    assert one == same != other and len(one) == 6


def test_copies_are_on_one_side(toy_table):
    table = toy_table("ab", EMOTIONS)
    table.loc[1, "digest"] = table.digest[0]
    for seed in range(10):
        dev = set(few_speakers(table, fraction=0.3, seed=seed)["b"].dev.utterance)
        assert len(dev & set(table.utterance[:2])) in (0, 2)


def test_unlabelled_speech_of_the_test_speaker_is_left_out(toy_table):
    extra = toy_table("ab", ("",) * 4)
    for name in ("utterance", "digest", "source"):
        extra[name] = [f"toy/x{number}" for number in range(8)]
    fold = few_speakers(toy_table("ab", EMOTIONS), extra)["a"]
    assert set(fold.unlabelled.speaker) == {"toy/b"}


@pytest.mark.parametrize(
    ("names", "options", "words"),
    [
        ("a", {}, "at least 2 speakers. Received: corpus=toy with speakers=.'toy/a'."),
        ("ab", {"fraction": 0.0}, "above 0 and below 1. Received: 0.0"),
        ("ab", {"fraction": 1.0}, "above 0 and below 1. Received: 1.0"),
        ("ab", {"fraction": 0.01}, "100. Received: at most 20. Increase `fraction`"),
    ],
)
def test_what_cannot_be_divided_is_rejected(toy_table, names, options, words):
    with pytest.raises(ValueError, match=words):
        few_speakers(toy_table(names, EMOTIONS), **options)
