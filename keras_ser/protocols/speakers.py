"""Which speakers belong together, and in which order they take turns."""

import pandas as pd


def speakers_of(table: pd.DataFrame) -> list[str]:
    """The speakers of a table, sorted."""
    return sorted(table.speaker.unique())


def sessions(table) -> pd.Series:
    """The session of each row, of its corpus: corpora number theirs alike."""
    return table.corpus + "/" + table.session


def of_session(rows, table, speakers) -> pd.Series:
    """Which rows come from a session that one of the speakers was recorded in."""
    recorded = table[table.speaker.isin(speakers) & (table.session != "")]
    return sessions(rows).isin(set(sessions(recorded)))


def next_speakers(own: str, others: list[str], gender) -> list[str]:
    """The first of gender `own` among `others`, and the first of another one."""
    same = [s for s in others if gender[s] == own][:1]
    other = [s for s in others if gender[s] != own][:1]
    chosen = same + other
    return chosen + [s for s in others if s not in chosen][: 2 - len(chosen)]


def units(table, seed: int | None = None) -> list[list[str]]:
    """Speakers that stay together, in an order where corpora and genders take turns.

    Args:
        table: of which the speakers are.
        seed: of a random order within corpus and gender; else the names' order.
    """
    rows = table.drop_duplicates("speaker").sort_values("speaker")
    if seed is not None:
        rows = rows.sample(frac=1, random_state=seed)
    together = sessions(rows).where(rows.session != "", rows.speaker)
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
    # The i-th of n stands at (i + ½) / n, whatever the size of its kind.
    joined["place"] = (kinds.cumcount() + 0.5) / kinds.kind.transform("size")
    joined["rank"] = kinds.ngroup()
    return list(joined.sort_values(["place", "rank"]).speakers)


def group_sizes(units, folds) -> list[int]:
    """How many neighbouring units make each group; as equal in speakers as can be."""
    sizes, left = [], [len(unit) for unit in units]
    for remaining in range(folds, 0, -1):
        target = sum(left) / remaining
        most = len(left) - remaining + 1  # every later group needs one
        miss = [abs(sum(left[:count]) - target) for count in range(1, most + 1)]
        count = 1 + miss.index(min(miss)) if remaining > 1 else len(left)
        sizes.append(count)
        left = left[count:]
    return sizes
