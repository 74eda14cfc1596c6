"""Lists of files, read as frames of text: CSV with any separator, and JSON lines.

The index of a frame holds the row numbers that an editor shows. No cell is missing.
"""

import csv
import io
import json
from pathlib import Path

import pandas as pd

SEPARATORS = ",;\t|"
MAX_HEADER_LENGTH = 200  # characters of a header in a message


def read_csv(path: Path, reader: str) -> pd.DataFrame:
    """Reads a CSV file.

    The separator is the one that occurs most often in the first line.

    Args:
        path: The file, in UTF-8.
        reader: Name of the reader, for messages.

    Raises:
        ValueError: If the file is not text, its header is empty or names a column
            twice, or a row does not have as many cells as the header.
    """
    lines = io.StringIO(_read_text(path, reader), newline="")
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
        raise _error(reader, "a CSV file", f"{path} ({error})") from error
    header = [name.strip() for name in rows[0]] if rows else []
    if not any(header) or len(set(header)) < len(header):
        raise _error(
            reader,
            "a first line with the names of the columns, each used once",
            f"{path} with {str(header)[:MAX_HEADER_LENGTH]}",
        )
    for number, row in zip(numbers, rows, strict=True):
        if len(row) != len(header):
            raise _error(
                reader,
                f"{len(header)} cells in each row, as in the first line",
                f"{path} with {len(row)} in row {number}",
            )
    return pd.DataFrame(rows[1:], columns=header, index=numbers[1:], dtype=object)


def read_jsonl(path: Path, reader: str) -> pd.DataFrame:
    """Reads a file with one JSON object per line.

    A key that a line lacks becomes an empty cell.

    Args:
        path: The file, in UTF-8.
        reader: Name of the reader, for messages.

    Raises:
        ValueError: If the file is not text, or a line is not a JSON object.
    """
    rows, numbers = [], []
    for number, line in enumerate(_read_text(path, reader).splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise _line_error(reader, path, number, error) from error
        if not isinstance(row, dict):
            raise _line_error(reader, path, number, type(row).__name__)
        rows.append({str(name).strip(): _cell(value) for name, value in row.items()})
        numbers.append(number)
    return pd.DataFrame(rows, index=numbers, dtype=object).fillna("")


def read_object(path: Path, reader: str) -> dict:
    """Reads a file that holds one JSON object.

    Args:
        path: The file, in UTF-8.
        reader: Name of the reader, for messages.

    Raises:
        ValueError: If the file does not hold a JSON object.
    """
    try:
        value = json.loads(_read_text(path, reader))
    except (ValueError, RecursionError) as error:
        raise _error(reader, "a JSON object", f"{path} ({error})") from error
    if not isinstance(value, dict):
        raise _error(reader, "a JSON object", f"{path} ({type(value).__name__})")
    return value


def _read_text(path: Path, reader: str) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except (UnicodeDecodeError, OSError) as error:
        reason = getattr(error, "strerror", None) or error
        raise _error(reader, "a text file in UTF-8", f"{path} ({reason})") from error


def _cell(value) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def _line_error(reader: str, path: Path, number: int, reason) -> ValueError:
    received = f"{path} with line {number} ({reason})"
    return _error(reader, "a JSON object in each line", received)


def _error(reader: str, expected: str, received: str) -> ValueError:
    return ValueError(
        f"Corpus `{reader}` expects {expected}. Received: {received}. Correct the "
        "file, or write it again."
    )
