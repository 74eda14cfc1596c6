"""Lists of files as frames of text: CSV of any separator, and JSON lines.

A frame's index numbers the rows as an editor does; no cell is missing.
"""

import csv
import io
import json
from pathlib import Path

import pandas as pd

SEPARATORS = ",;\t|"


def read_csv(path: Path, reader: str) -> pd.DataFrame:
    """A CSV file, whose separator is the one that its first line has most of.

    Args:
        path: the file, UTF-8.
        reader: for messages.

    Raises:
        ValueError: it is no text, its header is empty or names a column twice, or a
            row has another number of cells than the header.
    """
    lines = io.StringIO(_text(path, reader), newline="")
    separator = max(SEPARATORS, key=lines.readline().count)
    lines.seek(0)
    rows, numbers = [], []
    try:
        cells = csv.reader(lines, delimiter=separator)
        for row in cells:
            if row:
                rows.append(row)
                numbers.append(cells.line_num)
    except csv.Error as error:
        raise _wrong(reader, "a CSV file", f"{path} ({error})") from error
    header = [name.strip() for name in rows[0]] if rows else []
    if not any(header) or len(set(header)) < len(header):
        raise _wrong(
            reader, "a first line with the names of columns", f"{path} with {header}"
        )
    for number, row in zip(numbers, rows, strict=True):
        if len(row) != len(header):
            raise _wrong(
                reader,
                f"{len(header)} cells in each row",
                f"{path} with {len(row)} in row {number}",
            )
    return pd.DataFrame(rows[1:], columns=header, index=numbers[1:], dtype=object)


def read_jsonl(path: Path, reader: str) -> pd.DataFrame:
    """A file of JSON objects, one a line; a key that a line lacks is an empty cell.

    Args:
        path: the file, UTF-8.
        reader: for messages.

    Raises:
        ValueError: it is no text, or a line is no JSON object.
    """
    rows, numbers = [], []
    for number, line in enumerate(_text(path, reader).splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise _no_object(reader, path, number, error) from error
        if not isinstance(row, dict):
            raise _no_object(reader, path, number, type(row).__name__)
        rows.append({str(name).strip(): _cell(value) for name, value in row.items()})
        numbers.append(number)
    return pd.DataFrame(rows, index=numbers, dtype=object).fillna("")


def read_object(path: Path, reader: str) -> dict:
    """The JSON object in a file.

    Raises:
        ValueError: it is none.
    """
    try:
        value = json.loads(_text(path, reader))
    except (ValueError, RecursionError) as error:
        raise _wrong(reader, "a JSON object", f"{path} ({error})") from error
    if not isinstance(value, dict):
        raise _wrong(reader, "a JSON object", f"{path} ({type(value).__name__})")
    return value


def _text(path: Path, reader: str) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except (UnicodeDecodeError, OSError) as error:
        reason = getattr(error, "strerror", None) or error
        raise _wrong(reader, "a text file in UTF-8", f"{path} ({reason})") from error


def _cell(value) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def _no_object(reader: str, path: Path, number: int, what) -> ValueError:
    received = f"{path} with line {number} ({what})"
    return _wrong(reader, "a JSON object in each line", received)


def _wrong(reader: str, expected: str, received: str) -> ValueError:
    return ValueError(
        f"Corpus `{reader}` expects {expected}. Received: {received}. Correct the "
        "file, or write it anew."
    )
