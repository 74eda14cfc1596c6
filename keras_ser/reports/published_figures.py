"""Figures that papers print, as data: one CSV file a paper.

| column | holds |
|---|---|
| paper, table | `mtl_aug`, `2` |
| row | our name of the system, or the paper's where we have none |
| corpus | tested on; `iemocap>emodb` trained on the first and tested on the second |
| condition | `clean`, `10 dB`, `FGSM` |
| value, spread | UAR and what stands after ±, percent; empty where a table has none |
| note | what to know of the figure |

What a paper only draws has no value here, and its note says `not available`.
"""

from pathlib import Path

import pandas as pd

FOLDER = Path(__file__).parent / "papers"
COLUMNS = ("paper", "table", "row", "corpus", "condition", "value", "spread", "note")
SPREADS = {"mtl_aug": "standard deviation over ten repeats"}


def load(paper: str, table: str | None = None) -> pd.DataFrame:
    """A paper's figures in the order in which it prints them.

    Args:
        paper: `mtl_aug`.
        table: `2`, `figure 3`; all of them without it.

    Raises:
        ValueError: an unknown paper or table.
    """
    papers = sorted(path.stem for path in FOLDER.glob("*.csv"))
    if paper not in papers:
        raise ValueError(f"`paper` must be one of {papers}. Received: {paper!r}.")
    kinds = {name: str for name in COLUMNS} | {"value": float, "spread": float}
    found = pd.read_csv(FOLDER / f"{paper}.csv", dtype=kinds, na_values=[""])
    text = [name for name, kind in kinds.items() if kind is str]
    found[text] = found[text].fillna("")
    if table is None:
        return found
    tables = list(dict.fromkeys(found.table))
    if table not in tables:
        raise ValueError(
            f"`table` of {paper} must be one of {tables}. Received: {table!r}."
        )
    return found[found.table == table].reset_index(drop=True)
