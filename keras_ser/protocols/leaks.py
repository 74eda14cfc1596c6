"""What two sides of a fold must not share: speakers, audio, copies of an utterance."""

from collections.abc import Iterable, Mapping
from itertools import combinations

import numpy as np
import pandas as pd

COLUMNS = ["utterance", "speaker", "digest", "start", "end", "source"]
TOLERANCE = 1e-3  # seconds that neighbouring segments may overlap by, for rounding


def refuse(fold: str, sides: Mapping[str, pd.DataFrame], exempt=frozenset()) -> None:
    """Raises ValueError where two sides share anything, and names it.

    Args:
        fold: its name, for the message.
        sides: tables by side, `train`, `dev`, `test`.
        exempt: what may be shared, `("dev", "test", "speakers")`.
    """
    names = list(sides)
    rows = pd.concat([table[COLUMNS] for table in sides.values()], ignore_index=True)
    rows["origin"] = rows.utterance.map(_origins(rows))
    side = np.repeat(np.arange(len(sides)), [len(table) for table in sides.values()])
    for what, (column, find) in FINDERS.items():
        suspect = _on_several_sides(rows[column], side)
        parts = [rows[suspect & (side == number)] for number in range(len(sides))]
        for first, second in combinations(range(len(sides)), 2):
            if (names[first], names[second], what) in exempt:
                continue
            found = find(parts[first], parts[second])
            if found:
                raise ValueError(
                    f"Fold `{fold}`: {names[first]} and {names[second]} must share no "
                    f"{what}. Received in both: {', '.join(found[:6])}. Correct the "
                    "table's speaker column, or remove the copies."
                )


def refuse_sound(
    fold: str, sides: Mapping[str, pd.DataFrame], sound: Mapping[str, str]
) -> None:
    """Raises ValueError where two sides hold the same sound in different files.

    Args:
        fold: its name, for the message.
        sides: tables by side.
        sound: by utterance, what is equal where the sound is; utterances that it
            lacks are not compared.
    """
    for (first, one), (second, other) in combinations(sides.items(), 2):
        names = {sound[name]: name for name in one.utterance if name in sound}
        pairs = [
            f"{names[sound[name]]} = {name}"
            for name in other.utterance
            if sound.get(name) in names
        ]
        if pairs:
            raise ValueError(
                f"Fold `{fold}`: {first} and {second} must share no recording. "
                f"Received the same sound in files of other bytes: "
                f"{', '.join(sorted(pairs)[:6])}. Correct the table's speaker column, "
                "or remove the copies."
            )


def refuse_tuned(
    tuned_on: Iterable[str],
    tests: Mapping[str, Iterable[str]],
    chosen: Iterable[str],
) -> None:
    """Raises ValueError where a fold tests speakers that chose the settings.

    Args:
        tuned_on: speakers that a search for the settings heard.
        tests: the test speakers of every fold of the protocol, by the fold's name.
        chosen: names of the folds to run.
    """
    heard = {name: sorted(set(tuned_on) & set(tests[name])) for name in tests}
    wrong = [name for name in chosen if heard[name]]
    if not wrong:
        return
    free = [name for name in tests if not heard[name]]
    speakers = sorted({speaker for name in wrong for speaker in heard[name]})
    advice = f"Run the others: --folds {','.join(free)}."
    if not free:
        advice = "No fold of this protocol goes without; search on fewer speakers."
    raise ValueError(
        "Settings must not be tested on speakers that a search for them heard "
        f"(`tuned_on`). Received: folds {', '.join(wrong)}, which test "
        f"{', '.join(speakers)}. {advice}"
    )


def _on_several_sides(values: pd.Series, side: np.ndarray) -> np.ndarray:
    """Which rows have a value that stands on more than one side."""
    codes, known = pd.factorize(values, use_na_sentinel=False)
    seen = np.zeros((len(known), side.max(initial=0) + 1), bool)
    seen[codes, side] = True
    return seen.sum(axis=1)[codes] > 1


def shared_speakers(one: pd.DataFrame, other: pd.DataFrame) -> list[str]:
    return sorted(set(one.speaker) & set(other.speaker))


def shared_audio(one: pd.DataFrame, other: pd.DataFrame) -> list[str]:
    """Utterances of one file's content whose times overlap, one on each side.

    Sorted by start, a segment overlaps an earlier one of the other side where that
    side's furthest end so far lies behind its start.
    """
    common = set(one.digest) & set(other.digest)
    if not common:
        return []
    rows = pd.concat([one.assign(side=0), other.assign(side=1)], ignore_index=True)
    rows = rows[rows.digest.isin(common)]
    rows = rows.assign(start=rows.start.fillna(0.0), end=rows.end.fillna(np.inf))
    rows = rows.sort_values(["digest", "start"], kind="stable")
    late = pd.concat([_overlapping(rows, side) for side in (0, 1)])
    return sorted({name for row in late[:3].itertuples() for name in _both(rows, row)})


def shared_origins(one: pd.DataFrame, other: pd.DataFrame) -> list[str]:
    """Utterances that are the same one, its copies, or copies of the same one."""
    common = set(one.origin) & set(other.origin)
    if not common:
        return []
    rows = pd.concat([one, other])
    return sorted(set(rows.utterance[rows.origin.isin(common)]))


FINDERS = {
    "speakers": ("speaker", shared_speakers),
    "recordings": ("digest", shared_audio),
    "copies of an utterance": ("origin", shared_origins),
}


def _overlapping(rows: pd.DataFrame, side: int) -> pd.DataFrame:
    """Rows of the other side that start before an earlier one of `side` ended."""
    ends = rows.end.where(rows.side == side, -np.inf)
    reach = ends.groupby(rows.digest).cummax()
    shared = np.minimum(reach, rows.end) - rows.start
    return rows[(rows.side != side) & (shared > TOLERANCE)]


def _both(rows: pd.DataFrame, row) -> tuple[str, str]:
    """The names of a row and of one that it overlaps on the other side."""
    others = rows[(rows.digest == row.digest) & (rows.side != row.side)]
    shared = np.minimum(others.end, row.end) - np.maximum(others.start, row.start)
    return row.utterance, others.utterance[shared > TOLERANCE].iloc[0]


def _origins(rows: pd.DataFrame) -> pd.Series:
    """By utterance, the one that it is a copy of, or a copy of a copy, or itself."""
    rows = rows.drop_duplicates("utterance")
    copied = rows.source.where(rows.source != "", rows.utterance)
    origin = pd.Series(copied.to_numpy(), index=rows.utterance.to_numpy())
    for _ in range(len(origin).bit_length()):  # each round doubles the steps taken
        further = origin.map(origin).fillna(origin)
        if further.equals(origin):
            break
        origin = further
    return origin
