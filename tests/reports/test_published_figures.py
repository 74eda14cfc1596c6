"""What papers print, as data, and beside what was measured."""

import pandas as pd
import pytest

from keras_ser.experiments.systems import NETWORKS
from keras_ser.figures import published as published_figure
from keras_ser.models import TABLE_7
from keras_ser.reports import published as beside_published
from keras_ser.reports import published_figures
from keras_ser.reports.published import beside, measured
from keras_ser.reports.test_sets import shown

CLEAN = ("iemocap", "clean")


def test_figures_are_percent_and_each_stands_once():
    found = published_figures.load("mtl_aug")
    assert list(found) == list(published_figures.COLUMNS)
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
def test_a_figure_is_the_papers(table, row, corpus, condition, value, spread):
    found = published_figures.load("mtl_aug", table).set_index(
        ["row", "corpus", "condition"]
    )
    assert tuple(found.loc[(row, corpus, condition), ["value", "spread"]]) == (
        value,
        spread,
    )


def test_our_systems_stand_under_their_names():
    for table in "23456":
        assert set(NETWORKS) <= set(published_figures.load("mtl_aug", table).row)
    models = {f"model_{number}" for number in TABLE_7}
    assert set(published_figures.load("mtl_aug", "7").row) == models


def test_what_is_only_drawn_has_no_value_and_says_so():
    drawn = published_figures.load("mtl_aug", "figure 3")
    assert drawn.value.isna().all()
    assert drawn.note.str.startswith("not available").all()
    assert published_figures.load("mtl_aug").note[lambda notes: notes == ""].size


@pytest.mark.parametrize("name", ["nobody:2", "mtl_aug:9", "mtl_aug", ""])
def test_a_table_that_is_not_there_is_refused(name):
    with pytest.raises(ValueError, match="Received"):
        beside_published.parse(name)


@pytest.fixture
def rows():
    """Predictions of two speakers, three of four right."""
    return pd.DataFrame(
        {
            "speaker": ["1", "1", "2", "2"],
            "utterance": list("abcd"),
            "truth": ["anger", "sadness"] * 2,
            "prediction": ["anger", "sadness", "anger", "anger"],
        }
    )


def table_of(blocks) -> pd.DataFrame:
    (table,) = (block for block in blocks if block[0] == "table")
    return pd.DataFrame(table[3], columns=table[2]).set_index("System")


def text_of(blocks) -> str:
    return "\n".join(block[1] for block in blocks if block[0] == "text")


def test_measured_stands_beside_published(rows):
    blocks = beside("mtl_aug:2", {CLEAN: {"mtl_aug": rows, "compare_svm": rows}})
    table = table_of(blocks)
    assert table.loc["mtl_aug", "published: iemocap"] == "68.1 ± 1.5"
    assert table.loc["mtl_aug", "measured: iemocap"].startswith("75.0 [")
    assert table.loc["baseline", "measured: iemocap"] == "–"
    assert table.loc["compare_svm", "published: iemocap"] == "–"
    assert table.loc["DBN (MTL)", "published: iemocap"] == "62.2"
    assert "Another corpus" not in text_of(blocks)
    assert "Table 7 prints 58.2" in text_of(blocks)


@pytest.mark.parametrize(
    ("place", "mark", "told"),
    [
        ("emodb", " †", "Another corpus than the paper's"),
        ("synthetic", " §", "Synthetic speech"),
        ("ravdess>emodb", " †", "Another corpus than the paper's"),
        ("synthetic>synthetic_2", " §", "Synthetic speech"),
    ],
)
def test_what_cannot_be_compared_is_marked(rows, place, mark, told):
    blocks = beside("mtl_aug:3", {(place, "clean"): {"mtl_aug": rows}})
    assert f"measured: {shown(place)}{mark}" in table_of(blocks).columns
    assert told in text_of(blocks)


def test_conditions_stand_in_columns_of_their_own(rows):
    found = {("iemocap", "clean"): {"mtl_aug": rows}}
    found[("iemocap", "10 dB")] = {"mtl_aug": rows[rows.speaker == "2"]}
    blocks = beside("mtl_aug:5", found, noise="noise")
    table = table_of(blocks)
    assert table.loc["mtl_aug", "published: iemocap, 0 dB"] == "37.5 ± 1.0"
    assert table.loc["mtl_aug", "measured: iemocap, 10 dB ¶"].startswith("50.0 [")
    assert "not of the paper's DEMAND" in text_of(blocks)
    own = beside("mtl_aug:5", found, noise="demand")
    assert "measured: iemocap, 10 dB" in table_of(own).columns


def test_measured_rows_are_parted_by_place_and_condition(rows):
    both = [rows.assign(condition=text) for text in ("clean", "noise:all:10", "gain:3")]
    table = pd.concat(both).assign(place="emodb", system="mtl_aug")
    found = measured(table)
    assert set(found) == {("emodb", name) for name in ("clean", "10 dB", "gain:3")}
    assert len(found[("emodb", "10 dB")]["mtl_aug"]) == len(rows)


def test_the_picture_draws_what_both_have_in_one_panel(rows, tmp_path, monkeypatch):
    blocks = beside("mtl_aug:2", {CLEAN: {"mtl_aug": rows}})
    drawn = {}
    real = published_figure._panel

    def spy(axes, measured, printed):
        drawn[len(drawn)] = measured is not None, printed is not None
        real(axes, measured, printed)

    monkeypatch.setattr(published_figure, "_panel", spy)
    (figure,) = (block for block in blocks if block[0] == "figure")
    figure[3](tmp_path / figure[1])
    assert drawn == {0: (True, True), 1: (False, True)}
    assert (tmp_path / "published.png").read_bytes().startswith(b"\x89PNG")


def test_conditions_stand_in_the_papers_order(rows):
    """Table 6 has FGSM before BIM; what it does not have comes last."""
    texts = ("PGD", "BIM", "FGSM", "clean")
    found = {("emodb", text): {"mtl_aug": rows} for text in texts}
    found |= {("cafe", text): {"mtl_aug": rows} for text in ("BIM", "clean")}
    columns = table_of(beside("mtl_aug:6", found)).columns
    assert [name for name in columns if name.startswith("measured")] == [
        "measured: cafe †",
        "measured: cafe, BIM †",
        "measured: emodb †",
        "measured: emodb, FGSM †",
        "measured: emodb, BIM †",
        "measured: emodb, PGD †",
    ]


@pytest.mark.parametrize(
    ("printed", "measured", "rows"),
    [
        ("ab", "b", ["ab"]),
        ("ab", "cd", ["abcd"]),
        ("abc", "de", ["abc", "de"]),
        ("abcde", "f", ["abcd", "e", "f"]),
        ("", "abcde", ["abcd", "e"]),
    ],
)
def test_what_was_only_measured_begins_a_row_of_its_own(printed, measured, rows):
    found = published_figure._rows(dict.fromkeys(printed), dict.fromkeys(measured))
    assert found == [list(row) for row in rows]


def test_what_a_paper_only_draws_is_told_without_a_table(rows):
    kinds = [kind for kind, *_ in beside("mtl_aug:figure 3", {CLEAN: {"a": rows}})]
    assert kinds == ["heading", "text"]
