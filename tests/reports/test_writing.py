"""Blocks as Markdown and LaTeX."""

import re

import pytest
from toy_runs import predictions, write

from keras_ser import reports
from keras_ser.reports.blocks import Figure, Heading, Table, Text
from keras_ser.reports.writing import draw_figures, latex, markdown

BLOCKS = [
    Heading("Results", 1),
    Heading("emodb", 2),
    Text("Both 95 % intervals."),
    Table("scores", ["System", "UAR %", "Note"], [["a|b", "50.0", "x"]]),
    Figure("curve.png", "a curve", lambda path: path.write_text("drawn")),
]


def test_each_block_has_its_markdown():
    assert markdown(BLOCKS).split("\n\n") == [
        "# Results",
        "## emodb",
        "Both 95 % intervals.",
        "**scores**",
        "| System | UAR % | Note |\n| --- | ---: | --- |\n| a\\|b | 50.0 | x |",
        "![a curve](curve.png)\n",
    ]


def test_each_block_has_its_latex():
    text = latex(BLOCKS)
    assert "\\section*{Results}\n\n\\subsection*{emodb}\n\nBoth 95 \\% inter" in text
    table = (
        "\\begin{tabular}{lrl}\n\\toprule\nSystem & UAR \\% & Note \\\\\n\\midrule\n"
    )
    assert f"\\caption{{scores}}\n{table}a|b & 50.0 & x \\\\\n\\bottomrule" in text
    assert "\\caption{a curve}\n\\includegraphics[width=\\linewidth]{curve.png}" in text


def test_only_figures_are_drawn(tmp_path):
    assert draw_figures(BLOCKS, tmp_path) == [tmp_path / "curve.png"]
    assert (tmp_path / "curve.png").read_text() == "drawn"


@pytest.mark.parametrize("render", [markdown, latex])
def test_what_is_no_block_is_rejected(render):
    with pytest.raises(TypeError, match="a block of a report. Received: 'text'"):
        render(["text"])


def test_latex_is_balanced_and_escaped(runs, tmp_path):
    write(runs, predictions("a_b&c%", "03"))
    reports.write(runs, tmp_path, formats=["tex"])
    text = (tmp_path / "report.tex").read_text(encoding="utf-8")
    assert r"a\_b\&c\% $\dagger$" in text
    assert "±" not in text and "–" not in text
    begun = re.findall(r"\\begin\{(\w+)\}", text)
    assert sorted(begun) == sorted(re.findall(r"\\end\{(\w+)\}", text))
    tables = re.findall(r"\\begin\{tabular\}\{([^\n]*)\}\n(.*?)\\end", text, re.DOTALL)
    assert len(tables) == begun.count("table") > 5
    for layout, body in tables:
        columns = len(layout.replace("p{4cm}", "p"))
        rows = [line for line in body.splitlines() if line.endswith(r"\\")]
        assert {len(re.split(r"(?<!\\)&", row)) for row in rows} == {columns}
        marks = [body.count(f"\\{name}rule") for name in ("top", "mid", "bottom")]
        assert marks == [1, 1, 1]


def test_a_long_table_may_break_over_pages(tmp_path):
    rows = predictions("mtl", "03", rows=41)
    write(tmp_path / "runs", rows.assign(speaker=rows["utterance"]))
    reports.write(tmp_path / "runs", tmp_path, formats=["tex"])
    assert r"\begin{longtable}" in (tmp_path / "report.tex").read_text("utf-8")


def test_a_wide_latex_table_is_scaled_to_the_text():
    for columns, is_scaled in ((7, False), (8, True)):
        table = Table("scores", ["System"] * columns, [["1.0"] * columns])
        text = latex([table])
        opened = "\\resizebox{\\textwidth}{!}{%\n\\begin{tabular}"
        assert (opened in text, "\\end{tabular}}\n\\end{table}" in text) == (
            is_scaled,
            is_scaled,
        )
        assert "packages booktabs, graphicx and" in text.splitlines()[0]
    rows = [["1.0"] * 8] * 41  # may continue on the next page
    assert "resizebox" not in latex([Table("scores", ["System"] * 8, rows)])


def test_cells_of_p_are_aligned_and_escaped():
    rows = [["a", "< 0.0001", "only test"], ["b", "0.010", "primary"]]
    blocks = [Table("a → b", ["System", "p", "p (Holm)"], rows)]
    assert "| --- | ---: | ---: |" in markdown(blocks)
    assert "$<$ 0.0001" in latex(blocks) and "a $\\to$ b" in latex(blocks)
