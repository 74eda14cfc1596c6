"""Tables on a terminal."""

import sys
from collections.abc import Sequence


def print_table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]):
    """Prints a table to stdout.

    On a terminal, it is as wide as the terminal, and cells that are too long are
    wrapped. Elsewhere, such as in a file, each row is one line.

    Args:
        title: The line above the table.
        header: The title of each column. The first is aligned to the left, the others
            to the right.
        rows: The cells of each row.
    """
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table

    table = Table(*header, box=SIMPLE, title=title, title_justify="left")
    for column in table.columns[1:]:
        column.justify = "right"
    for row in rows:
        table.add_row(*row)
    is_terminal = sys.stdout.isatty()
    width = None if is_terminal else _width(title, header, rows)
    Console(width=width, highlight=False, markup=False).print(table)


def _width(title: str, header, rows) -> int:
    """Enough characters for each row on one line."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    return max(len(title), sum(widths) + 3 * len(widths) + 3)
