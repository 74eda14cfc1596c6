"""Figures that papers print, as data."""

import pytest

from keras_ser.reports.published_figures import COLUMNS, load_published


def test_figures_are_percentages_and_occur_once():
    found = load_published("mtl_aug")
    assert list(found) == list(COLUMNS)
    assert found.value.dropna().between(0, 100).all()
    assert found.spread.dropna().between(0, 5).all()
    assert not found.duplicated(["table", "row", "corpus", "condition"]).any()


@pytest.mark.parametrize(
    ("table", "row", "corpus", "condition", "value", "spread"),
    [
        ("2", "mtl_aug", "iemocap", "clean", 68.1, 1.5),
        ("2", "baseline_augmented", "msp_improv", "clean", 58.5, 1.7),
        ("3", "mtl_aug_librispeech", "iemocap>msp_improv", "clean", 48.1, 0.3),
        ("4", "mtl_aug", "emodb>iemocap", "clean", 42.1, 1.6),
        ("5", "mtl_aug", "iemocap", "10 dB", 43.2, 1.3),
        ("6", "baseline", "iemocap", "BIM", 35.8, 1.6),
        ("7", "model_5", "iemocap>msp_improv", "clean", 43.6, 1.5),
    ],
)
def test_figures_are_those_of_the_paper(table, row, corpus, condition, value, spread):
    found = load_published("mtl_aug", table).set_index(["row", "corpus", "condition"])
    assert tuple(found.loc[(row, corpus, condition), ["value", "spread"]]) == (
        value,
        spread,
    )


def test_figures_that_are_only_drawn_have_no_value_and_a_note():
    drawn = load_published("mtl_aug", "figure 3")
    assert drawn.value.isna().all()
    assert drawn.note.str.startswith("not available").all()
    assert load_published("mtl_aug").note[lambda notes: notes == ""].size
