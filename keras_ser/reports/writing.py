"""Blocks of a report as Markdown, as LaTeX, and as pictures."""

import re
from collections.abc import Iterable
from pathlib import Path

from keras_ser.reports.blocks import Block, Figure, Heading, Table, Text
from keras_ser.reports.text import NO_VALUE, ONLY_TEST, PRIMARY

WIDE_CELL = 35  # characters; a LaTeX column with a longer cell breaks its lines
ROWS_PER_PAGE = 40  # a longer LaTeX table may continue on the next page
WIDE_TABLE = 8  # columns from which a LaTeX table is scaled to the width of the text


def markdown(blocks: Iterable[Block]) -> str:
    """Blocks as Markdown.

    Args:
        blocks: The blocks in their order; figures become links to their files.
    """
    return "\n\n".join(map(_block_markdown, blocks)) + "\n"


def latex(blocks: Iterable[Block]) -> str:
    """Blocks as LaTeX, for use with the packages booktabs, graphicx and longtable.

    graphicx is for figures, and for scaling tables that are too wide for a page.

    Args:
        blocks: The blocks in their order; figures include their files.
    """
    first = "% Needs the packages booktabs, graphicx and longtable."
    return "\n\n".join([first, *map(_block_latex, blocks)]) + "\n"


def draw_figures(blocks: Iterable[Block], folder: str | Path) -> list[Path]:
    """Draws the figures among the blocks.

    Args:
        blocks: Blocks of a report.
        folder: Folder to write to.

    Returns:
        The written files.
    """
    paths = []
    for block in blocks:
        if isinstance(block, Figure):
            paths.append(Path(folder, block.name))
            block.draw(paths[-1])
    return paths


def _block_markdown(block: Block) -> str:
    match block:
        case Heading(text, level):
            return f"{'#' * level} {text}"
        case Text(text):
            return text
        case Table(caption, header, rows):
            rule = ["---" if kind == "l" else "---:" for kind in _alignment(rows)]
            lines = [_markdown_row(row) for row in (header, rule, *rows)]
            return "\n".join([f"**{caption}**", "", *lines])
        case Figure(name, caption):
            return f"![{caption}]({name})"
    raise TypeError(f"Expected a block of a report. Received: {block!r}.")


def _markdown_row(cells: list[str]) -> str:
    return "| " + " | ".join(map(_markdown_cell, cells)) + " |"


def _markdown_cell(text: str) -> str:
    return _printable(text).replace("|", "\\|")


def _printable(text: str) -> str:
    """Text on one line: what cannot be printed, such as a line break, is escaped."""
    if text.isprintable():
        return text
    return "".join(
        mark if mark.isprintable() or mark == " " else repr(mark)[1:-1] for mark in text
    )


def _block_latex(block: Block) -> str:
    match block:
        case Heading(text, level):
            name = "section" if level == 1 else "subsection"
            return f"\\{name}*{{{_escape(text)}}}"
        case Text(text):
            return _escape(text)
        case Table(caption, header, rows):
            return _latex_table(caption, header, rows)
        case Figure(name, caption):
            image = f"\\includegraphics[width=\\linewidth]{{{name}}}"
            return _float("figure", caption, [image])
    raise TypeError(f"Expected a block of a report. Received: {block!r}.")


def _latex_table(caption: str, header: list[str], rows: list[list[str]]) -> str:
    columns = zip(_alignment(rows), zip(header, *rows, strict=True), strict=True)
    layout = "".join(
        "p{4cm}" if max(map(len, cells)) > WIDE_CELL else kind
        for kind, cells in columns
    )
    lines = [" & ".join(map(_escape, row)) + " \\\\" for row in (header, *rows)]
    body = ["\\toprule", lines[0], "\\midrule", *lines[1:], "\\bottomrule"]
    if len(rows) > ROWS_PER_PAGE:
        title = f"\\caption*{{{_escape(caption)}}} \\\\"
        return _environment("longtable", f"{{{layout}}}", [title, *body])
    tabular = _environment("tabular", f"{{{layout}}}", body)
    if len(header) >= WIDE_TABLE:
        tabular = f"\\resizebox{{\\textwidth}}{{!}}{{%\n{tabular}}}"
    return _float("table", caption, [tabular])


def _alignment(rows: list[list[str]]) -> list[str]:
    """How to align each column: "r" if it holds numbers only, else "l"."""
    number = re.compile(rf"[\d{NO_VALUE}+−\[]|<|{PRIMARY}$|{ONLY_TEST}$")
    kinds = [
        "r" if all(map(number.match, column)) else "l"
        for column in zip(*rows, strict=True)
    ]
    return ["l", *kinds[1:]]


def _float(kind: str, caption: str, lines: list[str]) -> str:
    title = f"\\caption{{{_escape(caption)}}}"
    return _environment(kind, "[ht]", ["\\centering", title, *lines])


def _environment(name: str, argument: str, lines: list[str]) -> str:
    return "\n".join([f"\\begin{{{name}}}{argument}", *lines, f"\\end{{{name}}}"])


_LATEX = {
    **{mark: f"\\{mark}" for mark in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
    "–": "--",
    "†": r"$\dagger$",
    "‡": r"$\ddagger$",
    "§": r"\S{}",
    "⋆": r"$\star$",
    "‖": r"$\Vert$",
    "−": "$-$",
    "<": "$<$",
    "→": r"$\to$",
    "Δ": r"$\Delta$",
    "α": r"$\alpha$",
    "…": r"\ldots{}",
}


def _escape(text: str) -> str:
    return "".join(_LATEX.get(mark, mark) for mark in _printable(text))
