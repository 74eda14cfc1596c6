"""Rows of a table that are the same audio, and whether their labels agree.

Two rows are the same audio if they are the same segment of files with the same bytes.
Recordings whose bytes differ and whose samples do not are found later, by their
features; see `protocols.leaks.check_sound`.
"""

import hashlib
import warnings
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from keras_ser import audio
from keras_ser.corpora.table import LABELS

DECIMALS = 3  # of a segment's seconds
MAX_NAMED = 5  # copies that a message names


def find_copies(table: pd.DataFrame) -> list[pd.DataFrame]:
    """Finds groups of rows that are the same segment of the same audio.

    A whole file equals the segment from 0 to its duration.
    """
    audio_of = _numbered(_segments(table))
    copied = pd.Series(audio_of).duplicated(keep=False).to_numpy()
    groups = table[copied].groupby(audio_of[copied], sort=False)
    return [group for _, group in groups]


def sound_of(table: pd.DataFrame) -> dict[str, str]:
    """A hash of the samples of each utterance, which are read for this.

    Args:
        table: Utterances whose audio can be used.

    Returns:
        Hashes by utterance. Copies in another lossless form have the same hash.
    """
    rows = zip(table.utterance, table.file, table.start, table.end, strict=True)
    return {name: _hash(audio.read(*segment).tobytes()) for name, *segment in rows}


def _hash(samples: bytes) -> str:
    return hashlib.blake2b(samples, digest_size=16).hexdigest()


def _segments(table: pd.DataFrame) -> pd.DataFrame:
    """The columns that are equal for the same audio."""
    start = table.start.fillna(0.0)
    return pd.DataFrame(
        {
            "digest": table.digest,
            "start": start.round(DECIMALS),
            "end": table.end.fillna(start + table.duration).round(DECIMALS),
        }
    )


def _numbered(rows: pd.DataFrame) -> np.ndarray:
    """Numbers rows, so that equal rows have the same number."""
    return rows.groupby(list(rows), sort=False, dropna=False).ngroup().to_numpy()


def warn_about_copies(table: pd.DataFrame) -> None:
    """Warns if the same audio occurs more than once.

    Copies under different speakers get a warning of their own because they can leak
    from training to test.
    """
    groups = find_copies(table)
    are_shared = [len(set(group.speaker)) > 1 for group in groups]
    for several, consequence in (
        (False, "These utterances count more than once"),
        (
            True,
            "A fold with these speakers on different sides is rejected. Correct the "
            "speakers, or remove the copies",
        ),
    ):
        found = [
            group
            for group, is_shared in zip(groups, are_shared, strict=True)
            if is_shared is several
        ]
        if found:
            named = "; ".join(" = ".join(group.utterance) for group in found[:5])
            more = f" and {len(found) - 5} more" if len(found) > 5 else ""
            names = "different speakers" if several else "several names"
            warnings.warn(
                f"Corpus `{table.corpus.iloc[0]}` holds the same audio under {names}: "
                f"{named}{more}. {consequence}.",
                stacklevel=3,
            )


def check_labels(
    what: str, table: pd.DataFrame, same: Sequence[str] | None = None
) -> None:
    """Checks that the same audio does not have two different labels.

    Rows without a label agree with any. Audio that cannot be used is not compared: it
    is reported as such.

    Args:
        what: What holds the utterances, for the message.
        table: Utterances, each once.
        same: The columns that are equal for the same audio. By default, it is the same
            segment of files with the same bytes.

    Raises:
        ValueError: If an emotion or a rating differs. The message names both
            utterances and their labels.
    """
    audio_of = _numbered(_segments(table) if same is None else table[list(same)])
    suspect = np.isin(audio_of, _with_two_labels(table, audio_of))
    groups = table[suspect].groupby(audio_of[suspect], sort=False)
    found = [text for _, group in groups for text in _conflicts(group)]
    if found:
        more = f" and {len(found) - MAX_NAMED} more" if len(found) > MAX_NAMED else ""
        raise ValueError(
            f"{what}: the same audio must not have different labels. Received: "
            f"{'; '.join(found[:MAX_NAMED])}{more}. Correct the labels, or remove the "
            "copies."
        )


def _with_two_labels(table: pd.DataFrame, audio_of: np.ndarray) -> np.ndarray:
    """Which numbers of `audio_of` belong to rows that differ in a label."""
    found = []
    for column, missing in LABELS.items():
        labels = table[column].to_numpy()
        rows = (table[column].notna() & (labels != missing)).to_numpy()
        pairs = pd.DataFrame({"audio": audio_of[rows], "label": labels[rows]})
        audio_of_labels = pairs.drop_duplicates()["audio"]
        found.append(audio_of_labels[audio_of_labels.duplicated()])
    return np.concatenate(found)


def _conflicts(group: pd.DataFrame) -> Iterator[str]:
    """Describes the first label in which copies differ."""
    for column, missing in LABELS.items():
        labelled = group[group[column].notna() & (group[column] != missing)]
        labels = labelled.drop_duplicates(column)
        if len(labels) > 1 and _is_usable(group.iloc[0]):
            pairs = zip(labels.utterance, labels[column], strict=True)
            named = " = ".join(f"{name!r} ({label})" for name, label in list(pairs)[:2])
            yield f"{column} of {named}"
            return


def _is_usable(row: pd.Series) -> bool:
    """Whether audio can be read. Two silent files of one length are not copies."""
    try:
        audio.read(row.file, row.start, row.end)
    except FileNotFoundError:
        return True
    except ValueError:
        return False
    return True
