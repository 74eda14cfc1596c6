"""CSV files that are read back as they were written, whatever is in their names."""

import csv

import pandas as pd

from keras_ser.utils import files


def to_text(table: pd.DataFrame, **options) -> str:
    """A table as the text of a CSV file, without its index.

    Lines end with a line feed. A carriage return in a cell would end a line for most
    readers unless the cell is quoted. pandas does not quote such a cell by itself, so
    that all texts are quoted then. What UTF-8 cannot hold is escaped: bytes in the name
    of a file that are not UTF-8.

    Args:
        table: The table.
        **options: Options of `DataFrame.to_csv`, such as `float_format`.
    """
    quoting = csv.QUOTE_NONNUMERIC if _has_returns(table) else csv.QUOTE_MINIMAL
    options |= {"index": False, "lineterminator": "\n", "quoting": quoting}
    return files.as_utf8(table.to_csv(**options))


def _has_returns(table: pd.DataFrame) -> bool:
    columns = [table[name] for name in table if table[name].dtype.kind not in "biufc"]
    texts = ["".join(map(str, column.unique())) for column in columns]
    return any("\r" in text for text in [*map(str, table.columns), *texts])
