"""Measured scores next to published ones."""

import json

import pandas as pd
import pytest
from toy_runs import report_text, table_rows

from keras_ser.figures import published as published_figure
from keras_ser.reports import published
from keras_ser.reports.blocks import Figure, Heading, Table, Text
from keras_ser.reports.published import compare_with_published, group_measured
from keras_ser.reports.test_sets import format_test_set

CLEAN = ("iemocap", "clean")
PAPER = "Latif et al. 2022 (MTL-AUG)"


@pytest.fixture
def rows():
    """Predictions for two speakers, three of four correct."""
    return pd.DataFrame(
        {
            "fold": ["1", "1", "2", "2"],
            "repeat": 0,
            "speaker": ["1", "1", "2", "2"],
            "utterance": list("abcd"),
            "truth": ["anger", "sadness"] * 2,
            "prediction": ["anger", "sadness", "anger", "anger"],
        }
    )


LEGENDS = ("Trained on other corpora", "Another corpus", "Another part")


def only_table(blocks) -> pd.DataFrame:
    (table,) = (block for block in blocks if isinstance(block, Table))
    return pd.DataFrame(table.rows, columns=table.header).set_index("System")


def joined_text(blocks) -> str:
    return "\n".join(block.text for block in blocks if isinstance(block, Text))


@pytest.mark.parametrize("name", ["nobody:2", "mtl_aug:9", "mtl_aug", ""])
def test_unknown_tables_are_rejected(name):
    with pytest.raises(ValueError, match="Received"):
        published.parse(name)


def test_measured_scores_are_next_to_published_ones(rows):
    blocks = compare_with_published(
        "mtl_aug:2", {CLEAN: {"mtl_aug": rows, "compare_svm": rows}}
    )
    table = only_table(blocks)
    assert table.loc["mtl_aug", "published: iemocap"] == "68.1 ± 1.5"
    assert table.loc["mtl_aug", "measured: iemocap"].startswith("75.0 [")
    assert table.loc["baseline", "measured: iemocap"] == "–"
    assert table.loc["compare_svm", "published: iemocap"] == "–"
    assert table.loc["DBN (MTL)", "published: iemocap"] == "62.2"
    assert "Another corpus" not in joined_text(blocks)
    assert "Table 7 prints 58.2" in joined_text(blocks)


@pytest.mark.parametrize(
    ("test_set", "mark", "legend"),
    [
        ("emodb", " †", "Another corpus than the paper's"),
        ("synthetic", " §", "Synthetic speech"),
        ("ravdess>emodb", " †", "Another corpus than the paper's"),
        ("synthetic>synthetic_2", " §", "Synthetic speech"),
        ("iemocap>msp_improv:far", " ‖", "Another part of the corpus than the paper's"),
        ("emodb:far", " †", "Another corpus than the paper's"),
    ],
)
def test_scores_that_cannot_be_compared_are_marked(rows, test_set, mark, legend):
    measured = {(test_set, "clean"): {"mtl_aug": rows}}
    blocks = compare_with_published("mtl_aug:3", measured)
    assert f"measured: {format_test_set(test_set)}{mark}" in only_table(blocks).columns
    assert legend in joined_text(blocks)


@pytest.mark.parametrize(
    ("test_set", "legend"),
    [
        ("emodb+ravdess>tess", "Trained on other corpora"),
        ("emodb+ravdess>savee", "Another corpus"),
        ("emodb+emovo+epst+iemocap+ravdess+savee>tess", ""),
    ],
)
def test_other_training_corpora_are_not_another_test_corpus(rows, test_set, legend):
    measured = {(test_set, "clean"): {"baseline": rows}}
    text = joined_text(compare_with_published("in_the_wild:2", measured))
    assert [each for each in LEGENDS if each in text] == ([legend] if legend else [])


def test_repeats_have_a_deviation_next_to_the_published_one(rows):
    again = rows.assign(repeat=1, prediction=rows.truth)
    measured = {CLEAN: {"mtl_aug": pd.concat([rows, again])}}
    blocks = compare_with_published("mtl_aug:2", measured)
    cell = only_table(blocks).loc["mtl_aug", "measured: iemocap"]
    assert cell.startswith("87.5 ± 17.7 [")  # of 75 and 100
    assert "the standard deviation over seeds" in joined_text(blocks)


def test_conditions_have_columns_of_their_own(rows):
    measured = {("iemocap", "clean"): {"mtl_aug": rows}}
    measured[("iemocap", "10 dB")] = {"mtl_aug": rows[rows.speaker == "2"]}
    blocks = compare_with_published("mtl_aug:5", measured, noise="noise")
    table = only_table(blocks)
    assert table.loc["mtl_aug", "published: iemocap, 0 dB"] == "37.5 ± 1.0"
    assert table.loc["mtl_aug", "measured: iemocap, 10 dB ¶"].startswith("50.0 [")
    assert "not of the paper's DEMAND" in joined_text(blocks)
    own = compare_with_published("mtl_aug:5", measured, noise="demand")
    assert "measured: iemocap, 10 dB" in only_table(own).columns


def test_measured_rows_are_grouped_by_test_set_and_condition(rows):
    both = [rows.assign(condition=text) for text in ("clean", "noise:all:10", "gain:3")]
    table = pd.concat(both).assign(test_set="emodb", system="mtl_aug")
    found = group_measured(table)
    assert set(found) == {("emodb", name) for name in ("clean", "10 dB", "gain:3")}
    assert len(found[("emodb", "10 dB")]["mtl_aug"]) == len(rows)


def test_the_figure_has_one_panel_for_what_both_have(rows, tmp_path, monkeypatch):
    blocks = compare_with_published("mtl_aug:2", {CLEAN: {"mtl_aug": rows}})
    drawn = {}
    real = published_figure._panel

    def spy(axes, measured, printed):
        drawn[len(drawn)] = measured is not None, printed is not None
        real(axes, measured, printed)

    monkeypatch.setattr(published_figure, "_panel", spy)
    (figure,) = (block for block in blocks if isinstance(block, Figure))
    figure.draw(tmp_path / figure.name)
    assert drawn == {0: (True, True), 1: (False, True)}
    assert (tmp_path / "published.png").read_bytes().startswith(b"\x89PNG")


def test_conditions_have_the_papers_order(rows):
    """Table 6 has FGSM before BIM; conditions that it does not have come last."""
    texts = ("PGD", "BIM", "FGSM", "clean")
    measured = {("emodb", text): {"mtl_aug": rows} for text in texts}
    measured |= {("cafe", text): {"mtl_aug": rows} for text in ("BIM", "clean")}
    columns = only_table(compare_with_published("mtl_aug:6", measured)).columns
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
def test_panels_that_were_only_measured_start_a_row_of_their_own(
    printed, measured, rows
):
    found = published_figure._rows(dict.fromkeys(printed), dict.fromkeys(measured))
    assert found == [list(row) for row in rows]


@pytest.mark.parametrize(
    ("name", "title", "why"),
    [
        ("mtl_aug:figure 3", "figure 3", "drawn and not printed"),
        ("robust_densenet:2", "Table 2", "Table 5 of MTL-AUG"),
    ],
)
def test_figures_that_are_not_available_have_no_table(rows, name, title, why):
    blocks = compare_with_published(name, {CLEAN: {"a": rows}})
    assert [type(block) for block in blocks] == [Heading, Text]
    assert blocks[0].text == f"Published figures of {title}"
    assert blocks[1].text.count("not available") == 1 and why in blocks[1].text


def test_each_paper_has_a_title_of_its_own(rows):
    blocks = compare_with_published(
        "robust_densenet:1", {CLEAN: {"densenet_highway": rows}}
    )
    table = only_table(blocks)
    assert table.loc["densenet_highway", "published: iemocap"] == "64.1 ± 1.3"
    assert table.loc["densenet_highway", "measured: iemocap"].startswith("75.0 [")
    assert table.loc["CNN-LSTM (Satt et al. 2017)", "published: msp_improv"] == "–"
    (caption,) = (block.caption for block in blocks if isinstance(block, Table))
    assert caption.startswith("Latif et al., Interspeech 2020 (DenseNet), Table 1")


def test_a_part_of_a_table_has_its_name_in_the_title(rows):
    name = "ss_aae:4 (three clusters)"
    blocks = compare_with_published(name, {CLEAN: {"ss_aae": rows}})
    assert blocks[0].text == "Published figures of Table 4 (three clusters)"
    table = only_table(blocks)
    assert table.loc["ss_aae", "published: iemocap"] == "68.9"
    assert table.loc["ss_aae", "measured: iemocap"].startswith("75.0 [")
    assert "nothing, because the paper prints no spread" in joined_text(blocks)


def test_several_tables_are_one_and_a_figure_of_both_comes_once(rows):
    both = published.parse("in_the_wild:2+3")
    keys = ["row", "corpus", "condition"]
    assert not both.duplicated(keys).any()
    parts = [published.parse(f"in_the_wild:{number}") for number in "23"]
    assert len(both) == sum(map(len, parts)) - 2  # the baseline on two corpora
    blocks = compare_with_published("in_the_wild:2+3", {CLEAN: {"baseline": rows}})
    assert blocks[0].text == "Published figures of Tables 2 and 3"
    everything = "in_the_wild:2+3+section 5"
    blocks = compare_with_published(everything, {CLEAN: {"baseline": rows}})
    assert blocks[0].text == "Published figures of Tables 2, 3 and section 5"
    with pytest.raises(ValueError, match="`table` of in_the_wild must be one of"):
        published.parse("in_the_wild:2+9")


def test_a_report_has_published_figures_next_to_measured_ones(
    cross_corpus_runs, tmp_path
):
    text = report_text(cross_corpus_runs, tmp_path, formats=("md", "png", "tex"))
    rows = table_rows(text, f"{PAPER}, Table 3: UAR %, published and measured")
    printed, measured = rows["mtl_aug"]
    assert printed == "47.2 ± 0.4"
    assert measured.startswith(
        table_rows(text, "ravdess → emodb, clean: scores")["mtl_aug"][3]
    )
    assert "measured: ravdess → emodb †" in text
    assert (tmp_path / "published.png").read_bytes().startswith(b"\x89PNG")
    assert "ravdess" in (tmp_path / "report.tex").read_text("utf-8")


def test_runs_may_name_different_published_figures(cross_corpus_runs, tmp_path):
    path = sorted(cross_corpus_runs.rglob("config.json"))[-1]
    path.write_text(json.dumps({**json.loads(path.read_text()), "published": ""}))
    assert "Table 3" in report_text(cross_corpus_runs, tmp_path)
