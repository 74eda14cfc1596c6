"""The blocks of which a report consists: headings, text, tables and figures.

`contents` makes a list of blocks, and `writing` renders it as Markdown or LaTeX.
"""

import dataclasses
from collections.abc import Callable
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class Heading:
    """A heading.

    Args:
        text: The words of the heading.
        level: 1 for the title of the report, 2 for a section.
    """

    text: str
    level: int


@dataclasses.dataclass(frozen=True)
class Text:
    """A paragraph.

    Args:
        text: The words of the paragraph.
    """

    text: str


@dataclasses.dataclass(frozen=True)
class Table:
    """A table of text cells.

    Args:
        caption: The line above the table.
        header: The title of each column.
        rows: The cells of each row, as many as there are columns.
    """

    caption: str
    header: list[str]
    rows: list[list[str]]


@dataclasses.dataclass(frozen=True)
class Figure:
    """A picture, which is drawn only when it is needed.

    Args:
        name: Name of the PNG file, in the folder of the report.
        caption: What the picture shows.
        draw: Function that draws the picture to a path.
    """

    name: str
    caption: str
    draw: Callable[[Path], None]


Block = Heading | Text | Table | Figure
