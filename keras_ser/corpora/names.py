"""Names of a corpus: whether all that is written with them can be read back."""

from collections.abc import Iterable, Mapping

from keras_ser.utils import files

RENAME = "Rename files and folders whose names are not UTF-8, for instance with convmv"


def check_names(rows: Iterable[Mapping]) -> None:
    """Checks that every text in a reader's rows is one that UTF-8 can hold.

    Names of files are bytes on some systems, and bytes that are not UTF-8 become
    characters that neither a table nor a file of results can hold. All other
    characters are accepted, also control characters, quotes, commas and line breaks.

    Args:
        rows: One dictionary per utterance, with `file` and other columns.

    Raises:
        ValueError: If a text is not of this kind. The message names the file.
    """
    for row in rows:
        if not isinstance(row, Mapping) or not isinstance(row.get("file"), str):
            raise ValueError(
                "Expected a dictionary per utterance, with text in `file`. Received: "
                f"{files.short_repr(row)}. Correct the rows."
            )
        for column, value in row.items():
            if isinstance(value, str) and not is_utf8(value):
                raise ValueError(
                    f"Column `{column}` must hold text that UTF-8 can hold. Received: "
                    f"{files.short_repr(value)}, of the file {ascii(row.get('file'))}. "
                    f"{RENAME}, or correct the list."
                )


def is_utf8(text: str) -> bool:
    """Whether UTF-8 can hold a text: it comes from no other bytes of a name."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
