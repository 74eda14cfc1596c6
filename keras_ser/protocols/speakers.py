"""Which speakers belong together, and in which order they are assigned to folds."""

from collections.abc import Collection, Mapping

import pandas as pd


def speakers_of(table: pd.DataFrame) -> list[str]:
    """The speakers of a table, sorted."""
    return sorted(table.speaker.unique())


def session_keys(table: pd.DataFrame) -> pd.Series:
    """A key of each row's session; different corpora reuse session numbers.

    The key starts with the length of the corpus's name, so that no two sessions have
    the same key, whatever slashes are in their names.
    """
    length = table.corpus.str.len().astype(str)
    return length + "/" + table.corpus + "/" + table.session


def in_sessions_of(
    rows: pd.DataFrame, table: pd.DataFrame, speakers: Collection[str]
) -> pd.Series:
    """Find the rows from sessions in which any of the speakers was recorded.

    Args:
        rows: Table of utterances to test.
        table: Table that says in which sessions the speakers were recorded.
        speakers: Names of speakers.

    Returns:
        One boolean per row of `rows`. A row without a session is never found.
    """
    recorded = table[table.speaker.isin(speakers) & (table.session != "")]
    return session_keys(rows).isin(set(session_keys(recorded)))


def next_speakers(
    own: str, others: list[str], gender: Mapping | pd.Series
) -> list[str]:
    """Choose the first speaker of the same gender and the first of a different one.

    Args:
        own: The gender to compare with.
        others: Names of the speakers to choose from, in order.
        gender: Gender of each speaker, by name.

    Returns:
        Two names, or fewer if there are fewer speakers. If a gender is absent, the
        next speakers in order take its place.
    """
    same = [s for s in others if gender[s] == own][:1]
    other = [s for s in others if gender[s] != own][:1]
    chosen = same + other
    return chosen + [s for s in others if s not in chosen][: 2 - len(chosen)]


def speaker_units(table: pd.DataFrame, seed: int | None = None) -> list[list[str]]:
    """Group speakers who share a session, and alternate corpora and genders.

    Args:
        table: Table of the speakers' utterances.
        seed: Seed of a random order within each corpus and gender. By default, the
            order is that of the names.

    Returns:
        Units of speakers that must stay together: all speakers of a session, or a
        single speaker without one. In their order, corpora and genders alternate as
        evenly as possible.
    """
    rows = table.drop_duplicates("speaker").sort_values("speaker")
    if seed is not None:
        rows = rows.sample(frac=1, random_state=seed)
    session, alone = "session " + session_keys(rows), "speaker " + rows.speaker
    together = session.where(rows.session != "", alone)
    joined = (
        rows.assign(together=together)
        .groupby("together", sort=False)
        .agg(
            speakers=("speaker", list),
            kind=("gender", lambda genders: "+".join(sorted(set(genders)))),
            corpus=("corpus", "first"),
        )
    )
    kinds = joined.groupby(["corpus", "kind"], sort=False)
    # The i-th of n units is placed at (i + ½) / n, however large its kind is.
    joined["place"] = (kinds.cumcount() + 0.5) / kinds.kind.transform("size")
    joined["rank"] = kinds.ngroup()
    return list(joined.sort_values(["place", "rank"]).speakers)


def group_sizes(units: list[list[str]], folds: int) -> list[int]:
    """Divide units into groups of neighbours with similar numbers of speakers.

    Args:
        units: Speakers that stay together, from `speaker_units`.
        folds: The number of groups.

    Returns:
        The number of consecutive units in each group.
    """
    sizes, left = [], [len(unit) for unit in units]
    for remaining in range(folds, 0, -1):
        target = sum(left) / remaining
        most = len(left) - remaining + 1  # each later group needs at least one unit
        miss = [abs(sum(left[:count]) - target) for count in range(1, most + 1)]
        count = 1 + miss.index(min(miss)) if remaining > 1 else len(left)
        sizes.append(count)
        left = left[count:]
    return sizes
