"""The section on probes of embeddings, built from hand-made files."""

import pandas as pd
import pytest
from toy_runs import (
    make_config,
    predictions,
    probed,
    report_text,
    table_rows,
    write,
    write_probes,
)

from keras_ser import reports
from keras_ser.reports import reading
from keras_ser.reports.blocks import Figure
from keras_ser.reports.contents import contents
from keras_ser.reports.probes import EXPLANATION, HEADER

TITLE = "## What the embeddings still say of an attribute"
CAPTION = "{}: probes of the embeddings, mean over runs"


def write_run(root, system, fold="03", repeat=0, rows=None, **columns):
    table = predictions(system, fold, repeat).assign(**columns)
    folder = write(root, table)
    write_probes(folder, rows, speaker="emodb/03")
    return folder


@pytest.fixture
def root(tmp_path):
    return tmp_path / "runs"


def test_runs_without_probes_have_no_section(runs, tmp_path):
    assert TITLE not in report_text(runs, tmp_path)


def test_figures_are_means_over_runs_with_their_deviation(root, tmp_path):
    write_run(root, "mtl", "03", 0, probed("gender", 0.9, 0.5))
    write_run(root, "mtl", "03", 1, probed("gender", 0.7, 0.6))
    write_run(root, "baseline", "03", 0, probed("gender", 0.6, 0.55))
    write(root, predictions("svm", "03"))  # has none
    text = report_text(root, tmp_path)
    assert TITLE in text and EXPLANATION in text
    assert "| " + " | ".join(HEADER) + " |" in text
    assert table_rows(text, CAPTION.format("toy")) == {
        "baseline": [
            *("gender", "test", "1", "2", "100", "12"),
            *("60.0", "55.0", "+5.0", "50.0"),
        ],
        "mtl": [
            *("gender", "test", "2", "2", "100", "12"),
            *("80.0 ± 14.1", "55.0 ± 7.1", "+25.0 ± 21.2", "50.0"),
        ],
    }


def test_each_column_has_its_rows_and_counts_are_ranges(root, tmp_path):
    four = probed("speaker", 0.8, 0.3, test="heard", classes=4)
    five = probed("speaker", 0.6, 0.3, test="heard", classes=5, left_out=1)
    write_run(root, "mtl", "03", 0, probed("gender", 0.9, 0.5) + four)
    write_run(root, "mtl", "08", 0, probed("gender", 0.9, 0.5) + five)
    text = report_text(root, tmp_path)
    lines = [line for line in text.splitlines() if line.startswith("| mtl | speaker")]
    assert lines == [
        "| mtl | speaker | heard | 2 | 4 to 5 | 100 | 12 | 70.0 ± 14.1 | 30.0 ± 0.0 "
        "| +40.0 ± 14.1 | 22.5 |"
    ]
    assert text.index("| mtl | gender |") < text.index("| mtl | speaker |")
    assert "toy, speaker: classes that only one side has and that are left out: 0 to 1"


def test_what_could_not_be_read_has_a_reason(root, tmp_path):
    reason = "the scored speech has fewer than two classes (1)"
    nothing = probed("gender", None, None, reason, classes=1)
    write_run(root, "mtl", "03", 0, nothing)
    write_run(root, "mtl", "08", 0, probed("gender", 0.9, 0.5))
    write_run(root, "baseline", "03", 0, nothing)
    text = report_text(root, tmp_path)
    rows = table_rows(text, CAPTION.format("toy"))
    assert rows["baseline"][2:] == ["0", "1", "100", "12", "–", "–", "–", "–"]
    assert rows["mtl"][2:] == ["1", "2", "100", "12", "90.0", "50.0", "+40.0", "50.0"]
    where = "toy, gender: nothing is read in 2 of 3 runs (baseline, mtl)"
    assert f"{where}, because {reason}." in text


def figures_of(path):
    """The figures of embeddings in a report by their names, without drawing any."""
    blocks = contents(reading.read_runs(path))
    found = {block.name: block for block in blocks if isinstance(block, Figure)}
    return {name: each for name, each in found.items() if "embeddings" in name}


def test_each_column_has_a_figure_of_the_first_run_of_each_system(root, tmp_path):
    rows = probed("gender", 0.9, 0.5) + probed("speaker", 0.9, 0.5)
    for system, fold in (("mtl", "10"), ("mtl", "03"), ("baseline", "03")):
        write_run(root, system, fold, rows=rows)
    found = figures_of(root)
    assert list(found) == ["embeddings_gender.png", "embeddings_speaker.png"]
    figure = found["embeddings_gender.png"]
    assert figure.caption.startswith("toy, fold 03, repeat 0: t-SNE of the embeddings")
    assert list(figure.draw.keywords["panels"]) == ["baseline", "mtl"]
    figure.draw(tmp_path / figure.name)
    assert (tmp_path / figure.name).read_bytes().startswith(b"\x89PNG")


def test_systems_with_different_first_runs_name_them(root):
    write_run(root, "mtl", "10")
    write_run(root, "baseline", "03")
    (figure,) = figures_of(root).values()
    names = ["baseline, fold 03, repeat 0", "mtl, fold 10, repeat 0"]
    assert list(figure.draw.keywords["panels"]) == names
    assert figure.caption.startswith("toy: t-SNE")


def test_figures_of_several_experiments_have_their_names(root):
    write_run(root, "mtl")
    write_run(root, "mtl", experiment="other")
    assert set(figures_of(root)) == {
        "embeddings_gender_toy.png",
        "embeddings_gender_other.png",
    }


def test_archives_have_the_section_too(root, tmp_path):
    write_run(root, "mtl")
    everything = ("md", "tex", "png")
    folder = report_text(root, tmp_path / "a", everything)
    (archive,) = reports.pack(root, tmp_path / "packed")
    assert report_text(archive, tmp_path / "b", everything) == folder
    assert TITLE in folder
    for path in (tmp_path / "a").iterdir():
        assert (tmp_path / "b" / path.name).read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda table: table.iloc[:1],
            r"one row for each of \['trained', 'untrained'\]",
        ),
        (lambda table: table.drop(columns="uar"), r"columns .*without \['uar'\]"),
        (lambda table: table.assign(uar=1.5), "numbers from 0 to 1"),
        (lambda table: table.assign(uar="high"), "numbers in `uar`"),
        (lambda table: table.assign(classes=2.5), "whole numbers in"),
        (lambda table: table.assign(left_out=""), "whole numbers in"),
        (lambda table: table.iloc[:0], "at least one row"),
    ],
)
def test_another_content_is_rejected(root, tmp_path, change, words):
    path = write_run(root, "mtl") / "probes.csv"
    change(pd.read_csv(path)).to_csv(path, index=False)
    with pytest.raises(ValueError, match=f"probes.csv must hold .*{words}"):
        report_text(root, tmp_path)


def test_embeddings_without_a_column_are_rejected(root, tmp_path):
    path = write_run(root, "mtl") / "embeddings.csv"
    pd.read_csv(path).drop(columns="gender").to_csv(path, index=False)
    with pytest.raises(ValueError, match=r"embeddings.csv must hold .*\['gender'\]"):
        report_text(root, tmp_path)


def test_probes_that_are_no_names_are_rejected(root, tmp_path):
    table = predictions("mtl", "03")
    write(root, table, make_config(table, probes="gender"))
    with pytest.raises(ValueError, match="a list of names as `probes`"):
        report_text(root, tmp_path)
