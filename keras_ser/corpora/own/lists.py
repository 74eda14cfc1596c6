"""Lists of files, read as frames of text: CSV with any separator, and JSON lines.

The index of a frame holds the row numbers that an editor shows. No cell is missing.
"""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path, PurePath

import pandas as pd

from keras_ser.audio import placeholders
from keras_ser.corpora import folders, people

SEPARATORS = ",;\t|"
CORRECT = "Correct the file, or write it again"
QUOTES = "Remove the quotation mark that no other one closes, or double it"
RECODE = (
    "Save it in UTF-8 (in Excel as `CSV UTF-8`), or convert it, `iconv -f CP1252 -t "
    "UTF-8`"
)
MAX_HEADER_LENGTH = 200  # characters of a header in a message


def read_csv(path: Path, reader: str) -> pd.DataFrame:
    """Reads a CSV file.

    The separator is the one that occurs most often in the first line. Columns without
    a name, such as the index that pandas writes, keep a name of blanks.

    Args:
        path: The file, in UTF-8.
        reader: Name of the reader, for messages.

    Raises:
        ValueError: If the file is not text, its header is empty or names a column
            twice, or a row does not have as many cells as the header.
    """
    numbers, rows = _parse_csv(path, reader)
    header = name_blanks(rows[0] if rows else [])
    if not any(map(str.strip, header)) or len(set(header)) < len(header):
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
                _advise_separator(header),
            )
    return pd.DataFrame(rows[1:], columns=header, index=numbers[1:], dtype=object)


def read_header(path: Path) -> list[str]:
    """Returns the names of the columns in the first line of a CSV file."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        line = stream.readline()
    separator = max(SEPARATORS, key=line.count)
    return name_blanks(next(csv.reader([line], delimiter=separator), []))


def _parse_csv(path: Path, reader: str) -> tuple[list[int], list[list[str]]]:
    """Returns the line numbers and the cells of the rows that are not empty."""
    lines = io.StringIO(_read_text(path, reader), newline="")
    separator = max(SEPARATORS, key=lines.readline().count)
    lines.seek(0)
    cells = csv.reader(lines, delimiter=separator, strict=True)
    try:
        found = [(cells.line_num, row) for row in cells if row]
    except csv.Error as error:
        received = f"{path} with line {cells.line_num} ({error})"
        raise _error(reader, "a CSV file", received, QUOTES) from error
    numbers, rows = [number for number, _ in found], [row for _, row in found]
    _check_not_swallowed(numbers, rows, separator, path, reader)
    return numbers, rows


def _check_not_swallowed(
    numbers: list[int], rows: list[list[str]], separator: str, path: Path, reader: str
) -> None:
    """Raises ValueError if a cell holds further rows, after a stray quotation mark.

    A line within a cell is a row if it has as many cells as the header, one of which is
    the name of an audio file. Lines of a transcript are not.
    """
    for number, row in zip(numbers, rows, strict=True):
        lines = [line.split(separator) for cell in row for line in _further(cell)]
        inner = [
            separator.join(cells)
            for cells in lines
            if len(cells) == len(rows[0]) and any(map(_names_audio, cells))
        ]
        if inner:
            raise _error(
                reader,
                "each row outside the cells of other rows",
                f"{path} with {inner[0][:MAX_HEADER_LENGTH]!r} in a cell that ends in "
                f"line {number}",
                f"{QUOTES}, or the line breaks in that cell",
            )


def _further(cell: str) -> list[str]:
    """The lines of a cell after its first one."""
    return cell.splitlines()[1:] if "\n" in cell else []


def _names_audio(cell: str) -> bool:
    return PurePath(cell.strip()).suffix.lower() in folders.AUDIO


def name_blanks(header: Sequence[str]) -> list[str]:
    """Returns the names of columns, with different blanks for those without a name."""
    names, blank = [], ""
    for name in map(people.composed, map(str.strip, header)):
        names.append(name or blank)
        blank += "" if name else " "
    return names


def _advise_separator(header: list[str]) -> str:
    if header[0].startswith("sep="):
        return "Remove the first line, which only Excel reads"
    return CORRECT


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
    # JSON allows other signs that end a line, such as U+2028, within texts.
    for number, line in enumerate(_read_text(path, reader).split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise _line_error(reader, path, number, error) from error
        if not isinstance(row, dict):
            raise _line_error(reader, path, number, type(row).__name__)
        names = [people.composed(name.strip()) for name in row]
        rows.append(dict(zip(names, map(_cell, row.values()), strict=True)))
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


def read_lines(path: Path, reader: str) -> list[str]:
    """Returns the lines of a text file of a published corpus.

    Args:
        path: The file. Bytes that are not UTF-8 are replaced.
        reader: Name of the reader, for messages.

    Raises:
        ValueError: If the file is a placeholder, such as a pointer of git-lfs.
    """
    found = placeholders.explain(path)
    if found:
        raise _error(reader, "a text file", f"{path}. {found}", "")
    return path.read_text(encoding="utf-8", errors="replace").splitlines()


def _read_text(path: Path, reader: str) -> str:
    # Lines of JSON may start like an error page, so that one is not looked for.
    found = "" if path.suffix.lower() == ".jsonl" else placeholders.explain(path)
    if found:
        raise _error(reader, "a text file", f"{path}. {found}", "")
    try:
        return path.read_bytes().decode("utf-8-sig")
    except (UnicodeDecodeError, OSError) as error:
        reason = getattr(error, "strerror", None) or error
        received = f"{path} ({reason})"
        advice = CORRECT if isinstance(error, OSError) else RECODE
        raise _error(reader, "a text file in UTF-8", received, advice) from error


def _cell(value) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def _line_error(reader: str, path: Path, number: int, reason) -> ValueError:
    received = f"{path} with line {number} ({reason})"
    found = placeholders.explain(path) if number == 1 else ""
    if found:
        return _error(reader, "a JSON object in each line", f"{path}. {found}", "")
    return _error(reader, "a JSON object in each line", received)


def _error(
    reader: str, expected: str, received: str, advice: str = CORRECT
) -> ValueError:
    text = f"Corpus `{reader}` expects {expected}. Received: {received}"
    return ValueError(f"{text}. {advice}." if advice else text)
