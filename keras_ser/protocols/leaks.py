"""Checks that the sides of a fold share no speakers, audio or copies of utterances."""

from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from keras_ser.corpora import copies, people

COLUMNS = ["utterance", "speaker", "digest", "start", "end", "source"]
KEY_CHARACTERS = 16  # of a digest, in the settings that a search has found
TOLERANCE = 1e-3  # seconds by which neighbouring segments may overlap, from rounding


def check_disjoint(
    fold: str,
    sides: Mapping[str, pd.DataFrame],
    exempt: Collection[tuple[str, str, str]] = frozenset(),
) -> None:
    """Check that no two sides share a speaker, a segment of audio or a copy.

    Args:
        fold: Name of the fold, for the message.
        sides: Tables by side: `train`, `dev` and `test`.
        exempt: What may be shared, such as `("dev", "test", "speakers")`. The third
            item is a key of `FINDERS`.

    Raises:
        ValueError: If two sides share anything, if an utterance has no digest, which
            would hide what is shared, if two speakers differ only in their spelling,
            or if `exempt` names something unknown. The message names what they share.
    """
    names = list(sides)
    _check_exempt(names, exempt)
    rows = pd.concat([table[COLUMNS] for table in sides.values()], ignore_index=True)
    _check_digests(fold, rows)
    people.check_speakers(rows.speaker.unique())
    rows["origin"] = rows.utterance.map(origins(rows))
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


def _check_exempt(sides: list[str], exempt: Collection[tuple[str, str, str]]) -> None:
    """Reject an exemption that matches nothing, because of its order or its names."""
    pairs = list(combinations(sides, 2))
    known = {(*pair, what) for pair in pairs for what in FINDERS}
    unknown = sorted(set(exempt) - known)
    if unknown:
        raise ValueError(
            f"`exempt` must name two sides, in the order {sides}, and one of "
            f"{list(FINDERS)}. Received: {unknown[:3]}. Correct the names or the order."
        )


def _check_digests(fold: str, rows: pd.DataFrame) -> None:
    absent = rows.utterance[rows.digest.isna() | (rows.digest == "")]
    if len(absent):
        raise ValueError(
            f"Fold `{fold}` needs the digest of each utterance's audio, which shows "
            f"copies. Received: {len(absent)} utterances without, the first "
            f"{absent.iloc[0]!r}. Fill in the digests with "
            "`corpora.table.with_digests`."
        )


def check_sound(
    fold: str, sides: Mapping[str, pd.DataFrame], sound: Mapping[str, str]
) -> None:
    """Check that no two sides have the same sound, and that the same has one label.

    This finds copies in files with different bytes.

    Args:
        fold: Name of the fold, for the message.
        sides: Tables by side: `train`, `dev` and `test`.
        sound: A hash of each utterance's sound, by utterance. Utterances that are
            missing here are not compared.

    Raises:
        ValueError: If two sides have the same sound, or if the same sound has
            different labels on one side or on two. The message names both utterances.
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
                "Received the same sound in files with different bytes: "
                f"{', '.join(sorted(pairs)[:6])}. Correct the table's speaker column, "
                "or remove the copies."
            )
    rows = pd.concat(sides.values()).drop_duplicates("utterance")
    rows = rows.assign(sound=rows.utterance.map(sound)).dropna(subset="sound")
    copies.check_labels(f"Fold `{fold}`", rows, ["sound"])


def check_tuned(
    tuned_on: Iterable[str],
    tests: Mapping[str, pd.DataFrame],
    chosen: Iterable[str],
    known: Collection[str],
    audio: Collection[str] = (),
) -> None:
    """Check that no fold tests speech that was used to choose the settings.

    Args:
        tuned_on: Speakers that a search for the settings used.
        tests: The test utterances of every fold of the protocol, by the fold's name.
        chosen: Names of the folds to run.
        known: All speakers of the experiment. Speakers of other corpora may be
            unknown only if `audio` says what the search heard of them.
        audio: What the search heard, from `audio_keys`.

    Raises:
        ValueError: If a speaker is unknown, or if a chosen fold tests one of these
            speakers or their audio. The message names the folds that may be run.
    """
    tuned_on = set(tuned_on)
    _check_known(tuned_on, known, audio)
    used = {name: _used(table, tuned_on, set(audio)) for name, table in tests.items()}
    wrong = [name for name in chosen if used[name]]
    if not wrong:
        return
    free = [name for name in tests if not used[name]]
    speakers = sorted({speaker for name in wrong for speaker in used[name]})
    advice = f"Choose among the other folds: {', '.join(free)}."
    if not free:
        advice = "Every fold of this protocol tests some; search on fewer speakers."
    raise ValueError(
        "Settings must not be tested on speakers that the search for them used "
        f"(`tuned_on`). Received: folds {', '.join(wrong)}, which test "
        f"{', '.join(speakers)}. {advice}"
    )


def audio_keys(table: pd.DataFrame) -> tuple[str, ...]:
    """What names the audio of a table in the settings that a search has found.

    Args:
        table: The utterances that the search used.

    Returns:
        The first 16 characters of the digest of each file, sorted.
    """
    return tuple(sorted(set(table.digest.str[:KEY_CHARACTERS])))


def _used(test: pd.DataFrame, speakers: set[str], audio: set[str]) -> list[str]:
    """The speakers of a test table that a search used, by their name or their audio."""
    heard = test.digest.str[:KEY_CHARACTERS].isin(audio)
    return sorted(test.speaker[test.speaker.isin(speakers) | heard].unique())


def _check_known(tuned_on: set[str], known: Collection[str], audio) -> None:
    """Reject speakers that nothing can be compared with."""
    corpora = {name.split("/", 1)[0] for name in known}
    unknown = [
        name
        for name in sorted(tuned_on - set(known))
        if not audio or name.split("/", 1)[0] in corpora
    ]
    if unknown:
        raise ValueError(
            f"`tuned_on` must name speakers of the experiment, such as "
            f"{sorted(known)[:3]}. Received: {', '.join(unknown[:6])}, which none of "
            "its corpora has. Correct the names. If the settings come from a search "
            "on another corpus, use the config that the search has written: its "
            "`tuned_audio` is compared with the files."
        )


def _on_several_sides(values: pd.Series, side: np.ndarray) -> np.ndarray:
    """Which rows have a value that occurs on more than one side."""
    codes, known = pd.factorize(values, use_na_sentinel=False)
    seen = np.zeros((len(known), side.max(initial=0) + 1), bool)
    seen[codes, side] = True
    return seen.sum(axis=1)[codes] > 1


def shared_speakers(one: pd.DataFrame, other: pd.DataFrame) -> list[str]:
    """Names of the speakers that both tables have, sorted."""
    return sorted(set(one.speaker) & set(other.speaker))


def shared_audio(one: pd.DataFrame, other: pd.DataFrame) -> list[str]:
    """Find utterances that overlap in time in a file with the same content.

    With segments sorted by their start, a segment overlaps an earlier one of the
    other table if that table's latest end so far is after its start.

    Args:
        one: Table with the columns `utterance`, `digest`, and `start` and `end` in
            seconds.
        other: Table with the same columns.

    Returns:
        Sorted names of the utterances in up to three overlaps.
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
    """Find utterances that are equal, copies of each other or copies of the same one.

    Args:
        one: Table with the columns `utterance` and `origin`.
        other: Table with the same columns.

    Returns:
        Sorted names of utterances of both tables.
    """
    common = set(one.origin) & set(other.origin)
    if not common:
        return []
    rows = pd.concat([one, other])
    return sorted(set(rows.utterance[rows.origin.isin(common)]))


# What must not be shared: the column that hints at it, and the function that finds it.
FINDERS: dict[str, tuple[str, Callable[[pd.DataFrame, pd.DataFrame], list[str]]]] = {
    "speakers": ("speaker", shared_speakers),
    "recordings": ("digest", shared_audio),
    "copies of an utterance": ("origin", shared_origins),
}


def _overlapping(rows: pd.DataFrame, side: int) -> pd.DataFrame:
    """Rows of the other side that start before an earlier row of `side` ends."""
    ends = rows.end.where(rows.side == side, -np.inf)
    reach = ends.groupby(rows.digest).cummax()
    shared = np.minimum(reach, rows.end) - rows.start
    return rows[(rows.side != side) & (shared > TOLERANCE)]


def _both(rows: pd.DataFrame, row: Any) -> tuple[str, str]:
    """The names of a row and of a row that it overlaps on the other side."""
    others = rows[(rows.digest == row.digest) & (rows.side != row.side)]
    shared = np.minimum(others.end, row.end) - np.maximum(others.start, row.start)
    return row.utterance, others.utterance[shared > TOLERANCE].iloc[0]


def overlap_groups(rows: pd.DataFrame) -> np.ndarray:
    """Number utterances so that those that share audio have the same number.

    Neighbours in one recording that do not overlap have different numbers.

    Args:
        rows: Table with the columns `digest`, and `start` and `end` in seconds.

    Returns:
        Integers from 0, `(rows,)`.
    """
    names = ["digest", "start", "end"]
    parts = rows[names].reset_index(drop=True)
    parts = parts.assign(start=parts.start.fillna(0.0), end=parts.end.fillna(np.inf))
    parts = parts.sort_values(["digest", "start"], kind="stable")
    reach = parts.groupby("digest").end.cummax().groupby(parts.digest).shift()
    shared = np.minimum(reach, parts.end) - parts.start  # with those before it
    return (~(shared > TOLERANCE)).cumsum().sort_index().to_numpy() - 1


def origins(rows: pd.DataFrame) -> pd.Series:
    """The first original of each utterance, following copies of copies.

    Utterances that are copies of each other in a circle have one of them as their
    original.

    Args:
        rows: Table with the columns `utterance` and `source`.

    Returns:
        Names of utterances, by the names of all utterances.
    """
    from scipy import sparse

    rows = rows.drop_duplicates("utterance")
    copied = rows.source.where(rows.source != "", rows.utterance)
    both = np.concatenate([rows.utterance.to_numpy(object), copied.to_numpy(object)])
    numbers, names = pd.factorize(both)
    own, source = np.split(numbers, 2)
    shape = len(names), len(names)
    edges = sparse.coo_array((np.ones(len(own)), (own, source)), shape=shape)
    _, group = sparse.csgraph.connected_components(edges, directed=False)
    is_copy = np.zeros(len(names), bool)
    is_copy[own[own != source]] = True
    first = np.argsort(is_copy, kind="stable")  # a group has one original, or a circle
    _, places = np.unique(group[first], return_index=True)
    origin = names[first[places]][group[own]]
    return pd.Series(origin, index=rows.utterance.to_numpy())
