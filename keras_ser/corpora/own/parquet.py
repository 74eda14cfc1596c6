"""Tables in parquet files, as audformat writes them, read as frames of text."""

from pathlib import Path
from types import ModuleType

import pandas as pd

from keras_ser.audio import placeholders
from keras_ser.corpora import people

SUFFIX = ".parquet"


def read_parquet(path: Path, reader: str) -> pd.DataFrame:
    """Reads a parquet file.

    Args:
        path: The file.
        reader: Name of the reader, for messages.

    Returns:
        Columns of text without missing cells. The index counts the rows from 1.

    Raises:
        ValueError: If pyarrow is not installed, or if the file is not parquet.
    """
    table = _open(path, reader, "read_table")
    columns = {
        people.composed(name.strip()): list(map(_cell, table.column(name).to_pylist()))
        for name in table.column_names
    }
    return pd.DataFrame(columns, index=range(1, len(table) + 1), dtype=object)


def column_names(path: Path, reader: str) -> list[str]:
    """Returns the names of the columns of a parquet file; see `read_parquet`."""
    names = _open(path, reader, "read_schema").names
    return [people.composed(name.strip()) for name in names]


def _open(path: Path, reader: str, function: str):
    import_error = f"Corpus `{reader}` expects pyarrow, which reads parquet files. "
    parquet = _import_pyarrow(f"{import_error}Received: {path}, and no pyarrow.")
    found = placeholders.explain(path)
    try:
        return getattr(parquet, function)(path)
    except (ValueError, OSError) as error:  # pyarrow's errors are ValueErrors
        raise ValueError(
            f"Corpus `{reader}` expects a parquet file. Received: {path} "
            f"({str(error)[:100]}). {found or 'Write the file again.'}"
        ) from error


def _import_pyarrow(problem: str) -> ModuleType:
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise ValueError(
            f"{problem} Install it, `pip install pyarrow`, or save the table as CSV."
        ) from error
    return parquet


def _cell(value) -> str:
    return "" if value is None or value is pd.NaT or value != value else str(value)
