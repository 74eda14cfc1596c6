"""Speakers of corpora, and checks of folds, that the tests of protocols share."""

import pandas as pd

EMODB = {
    "03": "male",
    "08": "female",
    "09": "female",
    "10": "male",
    "11": "male",
    "12": "male",
    "13": "female",
    "14": "female",
    "15": "male",
    "16": "female",
}
RAVDESS = {f"{n:02d}": "male" if n % 2 else "female" for n in range(1, 25)}
SESSIONS = {
    "1F": ("female", "1"),
    "1M": ("male", "1"),
    "2F": ("female", "2"),
    "2M": ("male", "2"),
    "3F": ("female", "3"),
    "3M": ("male", "3"),
}


def utterances(*tables) -> list[str]:
    """The names of all utterances of the tables, sorted."""
    return sorted(pd.concat(tables).utterance)


def assert_whole(folds, table):
    """No speaker is on two sides, and every utterance is tested exactly once.

    Development utterances may be of training speakers where a fold says so.
    """
    for fold in folds.values():
        speakers = fold.speakers()
        if fold.train_speakers_select:
            assert set(speakers["dev"]) <= set(speakers["train"])
            del speakers["dev"]
        sides = [set(names) for names in speakers.values()]
        assert sum(map(len, sides)) == len(set.union(*sides))
        assert all(sides)
    tested = [fold.tests["test"] for fold in folds.values()]
    assert utterances(*tested) == sorted(table.utterance)


def assert_same(one, two):
    """Two dictionaries of folds have equal names, classes and sides."""
    assert list(one) == list(two)
    for first, second in zip(one.values(), two.values(), strict=True):
        assert first.classes == second.classes
        assert first.selected_by == second.selected_by
        for side, table in first.sides().items():
            assert utterances(table) == utterances(second.sides()[side])
