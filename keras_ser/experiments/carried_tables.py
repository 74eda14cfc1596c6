"""Tables of utterances as bytes, from which the same tables are made again.

Numbers are kept as arrays, and everything else as JSON, where a float, such as the NaN
of a missing value, is written as `{"float": "nan"}`.
"""

import io
import json

import numpy as np
import pandas as pd

from keras_ser.utils import files

FLOAT = "float"  # the key of a float among other values


def to_bytes(table: pd.DataFrame) -> tuple[bytes, bytes]:
    """Returns a table as JSON and as the content of an npz file.

    Args:
        table: A table with the default index. Its columns hold numbers, or texts and
            missing values.

    Raises:
        ValueError: If a column holds anything else, or if the index is another one.
    """
    if not table.index.equals(pd.RangeIndex(len(table))):
        raise ValueError(
            "A table to pack must have the default index. Received: "
            f"{files.short_repr(table.index)}. Call `table.reset_index(drop=True)`."
        )
    columns, arrays = [], {}
    for number, (name, values) in enumerate(table.items()):
        column = {"name": name, "dtype": str(values.dtype)}
        if _is_numeric(values):
            arrays[str(number)] = values.to_numpy()
        else:
            column["values"] = [_to_json(name, each) for each in values.tolist()]
        columns.append(column)
    about = {"rows": len(table), "columns": columns, "attrs": table.attrs}
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    return json.dumps(about).encode(), content.getvalue()


def from_bytes(texts: bytes, numbers: bytes) -> pd.DataFrame:
    """The inverse of `to_bytes`.

    Raises:
        ValueError: If the content does not come from `to_bytes`, or if the installed
            pandas has no such type of column.
    """
    about = json.loads(texts)
    with np.load(io.BytesIO(numbers), allow_pickle=False) as arrays:
        columns = {
            column["name"]: _column(column, arrays, str(number), about["rows"])
            for number, column in enumerate(about["columns"])
        }
    table = pd.DataFrame(columns, index=pd.RangeIndex(about["rows"]))
    table.attrs = about["attrs"]
    return table


def _is_numeric(values: pd.Series) -> bool:
    return isinstance(values.dtype, np.dtype) and values.dtype.kind in "biuf"


def _to_json(column, value):
    if isinstance(value, float):
        return {FLOAT: value.hex()}
    if value is None or isinstance(value, str | bool | int):
        return value
    raise ValueError(
        f"Column `{column}` must hold numbers or texts to be packed. Received: "
        f"{files.short_repr(value)}. Leave this column out of the table."
    )


def _column(column: dict, arrays, key: str, rows: int) -> pd.Series:
    if "values" not in column:
        return pd.Series(arrays[key])
    values = [
        float.fromhex(each[FLOAT]) if isinstance(each, dict) else each
        for each in column["values"]
    ]
    if len(values) != rows:
        raise ValueError(f"a column of {len(values)} values, not {rows}")
    try:
        return pd.Series(values, dtype=object).astype(column["dtype"])
    except TypeError as error:
        raise ValueError(f"columns of the type {column['dtype']!r}") from error
