"""Blocks of `contents` as Markdown and LaTeX."""

import re

from keras_ser.reports.text import NOTHING


def markdown(blocks: list[tuple]) -> str:
    parts = []
    for block in blocks:
        match block:
            case "heading", level, text:
                parts.append(f"{'#' * level} {text}")
            case "text", text:
                parts.append(text)
            case "table", caption, header, rows:
                rule = ["---" if kind == "l" else "---:" for kind in _kinds(rows)]
                lines = [_markdown_row(row) for row in (header, rule, *rows)]
                parts.append("\n".join([f"**{caption}**", "", *lines]))
            case "figure", name, caption, _:
                parts.append(f"![{caption}]({name})")
    return "\n\n".join(parts) + "\n"


def _markdown_row(cells) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def latex(blocks: list[tuple]) -> str:
    parts = ["% Needs the packages booktabs, graphicx and longtable."]
    for block in blocks:
        match block:
            case "heading", level, text:
                name = "section" if level == 1 else "subsection"
                parts.append(f"\\{name}*{{{_escape(text)}}}")
            case "text", text:
                parts.append(_escape(text))
            case "table", caption, header, rows:
                parts.append(_latex_table(caption, header, rows))
            case "figure", name, caption, _:
                image = f"\\includegraphics[width=\\linewidth]{{{name}}}"
                parts.append(_float("figure", caption, [image]))
    return "\n\n".join(parts) + "\n"


def _latex_table(caption: str, header: list, rows: list) -> str:
    columns = zip(_kinds(rows), zip(header, *rows, strict=True), strict=True)
    layout = "".join(
        "p{4cm}" if max(map(len, cells)) > 35 else kind for kind, cells in columns
    )
    lines = [" & ".join(map(_escape, row)) + " \\\\" for row in (header, *rows)]
    body = ["\\toprule", lines[0], "\\midrule", *lines[1:], "\\bottomrule"]
    if len(rows) > 40:  # more than a page
        title = f"\\caption*{{{_escape(caption)}}} \\\\"
        return _environment("longtable", f"{{{layout}}}", [title, *body])
    tabular = _environment("tabular", f"{{{layout}}}", body)
    return _float("table", caption, [tabular])


def _kinds(rows: list) -> list[str]:
    """How to align each column: "r" below the first where figures stand, else "l"."""
    figure = re.compile(rf"[\d{NOTHING}+−]")
    kinds = [
        "r" if all(map(figure.match, column)) else "l"
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
    "−": "$-$",
    "Δ": r"$\Delta$",
    "…": r"\ldots{}",
}


def _escape(text: str) -> str:
    return "".join(_LATEX.get(mark, mark) for mark in text)
