"""Figures that papers print, as data."""

import pytest

from keras_ser.reports.published import PAPER_TITLES
from keras_ser.reports.published_figures import (
    COLUMNS,
    FOLDER,
    SPREADS,
    load_published,
)

PAPERS = sorted(path.stem for path in FOLDER.glob("*.csv"))


@pytest.mark.parametrize("paper", PAPERS)
def test_figures_are_percentages_and_occur_once(paper):
    found = load_published(paper)
    assert list(found) == list(COLUMNS)
    assert set(found.paper) == {paper}
    assert found.value.dropna().between(0, 100).all()
    assert found.spread.dropna().between(0, 5).all()
    assert not found.duplicated(["table", "row", "corpus", "condition"]).any()


def test_each_paper_has_a_title_and_says_what_follows_its_scores():
    assert PAPERS == sorted(PAPER_TITLES) == sorted(SPREADS)


@pytest.mark.parametrize(
    ("table", "row", "corpus", "condition", "value", "spread"),
    [
        ("2", "mtl_aug", "iemocap", "clean", 68.1, 1.5),
        ("2", "baseline_augmented", "msp_improv", "clean", 58.5, 1.7),
        ("3", "mtl_aug_librispeech", "iemocap>msp_improv", "clean", 48.1, 0.3),
        ("4", "mtl_aug", "emodb>iemocap", "clean", 42.1, 1.6),
        ("5", "mtl_aug", "iemocap", "10 dB", 43.2, 1.3),
        ("5", "densenet_highway_both", "iemocap", "0 dB", 34.2, 1.2),
        ("6", "baseline", "iemocap", "BIM", 35.8, 1.6),
        ("6", "densenet_highway_both", "iemocap", "FGSM", 44.0, 1.1),
        ("7", "model_5", "iemocap>msp_improv", "clean", 43.6, 1.5),
    ],
)
def test_figures_are_those_of_the_paper(table, row, corpus, condition, value, spread):
    found = load_published("mtl_aug", table).set_index(["row", "corpus", "condition"])
    assert tuple(found.loc[(row, corpus, condition), ["value", "spread"]]) == (
        value,
        spread,
    )


@pytest.mark.parametrize(
    ("row", "values"),
    [
        ("cnn", [(61.5, 2.3), (52.6, 2.5)]),
        ("cnn_lstm", [(62.1, 1.8), (53.1, 2.3)]),
        ("densenet", [(63.2, 1.7), (54.5, 1.9)]),
        ("densenet_lstm", [(63.5, 1.5), (55.6, 1.6)]),
        ("densenet_highway", [(64.1, 1.3), (56.2, 1.5)]),
    ],
)
def test_figures_of_the_densenets_are_those_of_their_table(row, values):
    found = load_published("robust_densenet", "1")
    rows = found[found.row == row].set_index("corpus")[["value", "spread"]]
    assert [tuple(rows.loc[name]) for name in ("iemocap", "msp_improv")] == values


@pytest.mark.parametrize(
    ("table", "row", "values"),
    [
        ("2", "cnn_multi", [65.61, 59.31]),
        ("2", "ae_multi", [66.27, 60.89]),
        ("2", "ss_aae", [68.54, 63.81]),
        ("2 (five folds)", "ss_aae", [66.49, 61.74]),
        ("3", "aae_gender", [66.83, 62.20]),
        ("3", "aae_speaker", [67.71, 62.65]),
        ("3", "ss_aae", [68.54, 63.81]),
        ("4 (activation)", "ss_aae", [64.81, 56.08]),
        ("4 (valence)", "aae_speaker", [63.96, 56.75]),
        ("4 (three clusters)", "aae_gender", [66.41, 61.82]),
        ("4 (five clusters)", "ss_aae", [54.63, 45.18]),
    ],
)
def test_figures_of_ss_aae_are_those_of_its_tables(table, row, values):
    found = load_published("ss_aae", table)
    rows = found[found.row == row].set_index("corpus").value
    assert [rows[name] for name in ("iemocap", "msp_improv")] == values


def test_another_paper_prints_other_figures_of_ss_aae():
    quoted = load_published("mtl_aug", "2").set_index(["row", "corpus"])
    assert quoted.value[("ss_aae", "iemocap")] == 66.7
    notes = load_published("ss_aae", "2").set_index(["row", "corpus"]).note
    assert "66.7 ± 1.4" in notes[("ss_aae", "iemocap")]


def test_weighted_accuracy_is_in_the_notes():
    notes = load_published("ss_aae", "3").set_index(["row", "corpus"]).note
    assert notes[("ss_aae", "iemocap")].endswith("70.32")
    assert notes.str.contains("weighted accuracy").all()


@pytest.mark.parametrize("paper", PAPERS)
def test_figures_without_a_value_have_a_note_that_says_so(paper):
    found = load_published(paper)
    missing = found.value.isna()
    assert found.note[missing].str.startswith("not available: ").all()
    assert not found.note[~missing].str.contains("not available").any()
    assert found.spread[missing].isna().all()
    assert (found.note == "").any()


@pytest.mark.parametrize(
    ("paper", "table"),
    [
        ("mtl_aug", "figure 2"),
        ("mtl_aug", "figure 3"),
        *(("robust_densenet", table) for table in ("2", "3", "4", "figure 2")),
        *(("ss_aae", table) for table in ("figure 2", "figure 3")),
    ],
)
def test_tables_without_any_figure_have_no_value(paper, table):
    assert load_published(paper, table).value.isna().all()
