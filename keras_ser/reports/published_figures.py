"""Figures that papers print, as data: one CSV file per paper.

| column | content |
|---|---|
| paper, table | such as `mtl_aug` and `2`, or `2 (five folds)` for a part of it |
| row | our name of the system, or the paper's name if we do not have the system |
| corpus | the test corpus; `iemocap>emodb` after training on IEMOCAP |
| condition | such as `clean`, `10 dB` or `FGSM` |
| value, spread | UAR and the value after ±, in percent; empty if the table has none |
| note | what to know about the figure |

One of several test tables of a corpus is written `emodb:far`. A figure that a paper
only draws, or that is missing in the text of our copy, has no value here, and its note
says `not available`.
"""

from pathlib import Path

import pandas as pd

FOLDER = Path(__file__).parent / "papers"
COLUMNS = ("paper", "table", "row", "corpus", "condition", "value", "spread", "note")
SPREADS = {  # what ± means
    "mtl_aug": "standard deviation over ten repeats",
    "robust_densenet": "standard deviation over ten repeats",
    "ss_aae": "nothing, because the paper prints no spread",
    "in_the_wild": "nothing, because the paper prints no spread",
}


def load_published(paper: str, table: str | None = None) -> pd.DataFrame:
    """A paper's figures, in the order in which it prints them.

    Args:
        paper: Name of the paper, such as `mtl_aug`.
        table: Name of a table, such as `2` or `figure 3`; default: all tables.

    Returns:
        DataFrame with the columns `COLUMNS`; `value` and `spread` are floats, the
        others text.

    Raises:
        ValueError: If the paper or the table is unknown.
    """
    papers = sorted(path.stem for path in FOLDER.glob("*.csv"))
    if paper not in papers:
        raise ValueError(
            f"`paper` must be one of {papers}. Received: {paper!r}. Name one of these."
        )
    kinds = {name: str for name in COLUMNS} | {"value": float, "spread": float}
    found = pd.read_csv(FOLDER / f"{paper}.csv", dtype=kinds, na_values=[""])
    text = [name for name, kind in kinds.items() if kind is str]
    found[text] = found[text].fillna("")
    if table is None:
        return found
    tables = list(dict.fromkeys(found.table))
    if table not in tables:
        raise ValueError(
            f"`table` of {paper} must be one of {tables}. Received: {table!r}. Name "
            "one of these."
        )
    return found[found.table == table].reset_index(drop=True)
