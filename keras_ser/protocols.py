"""Protocols: how a table is divided into folds of disjoint speakers."""

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping

import pandas as pd

from keras_ser import corpora, leaks


@dataclasses.dataclass(frozen=True)
class Fold:
    """One division of a corpus.

    Args:
        name: of the fold, `03`.
        train: labelled utterances that train.
        dev: utterances whose score selects the epoch.
        tests: named tables that are scored once, at the end.
        unlabelled: utterances for the auxiliary tasks, or None.
        classes: the emotions, in the order of the models' probabilities.
        selected_by: what selects the epoch, for the report.

    Raises:
        ValueError: a speaker, a stretch of audio, or an utterance and its copy
            stand on two sides.
    """

    name: str
    train: pd.DataFrame
    dev: pd.DataFrame
    tests: Mapping[str, pd.DataFrame]
    unlabelled: pd.DataFrame | None
    classes: tuple[str, ...]
    selected_by: str

    def __post_init__(self):
        leaks.refuse(self.name, self.sides())

    def sides(self) -> dict[str, pd.DataFrame]:
        """What may learn, what selects and what is scored."""
        learn = [self.train]
        if self.unlabelled is not None:
            learn.append(self.unlabelled)
        return {
            "train": pd.concat(learn),
            "dev": self.dev,
            "test": pd.concat(list(self.tests.values())),
        }

    def fingerprints(self) -> dict[str, str]:
        """A hash of each side's utterances, audio and labels, in any order."""
        return {side: _fingerprint(table) for side, table in self.sides().items()}

    def speakers(self) -> dict[str, list[str]]:
        """The speakers of each side, sorted."""
        return {side: _speakers(table) for side, table in self.sides().items()}


def leave_one_speaker_out(
    table: pd.DataFrame, unlabelled: pd.DataFrame | None = None
) -> dict[str, Fold]:
    """Each speaker is tested once; the others train and select the epoch.

    Where every session has two speakers, the partner of the test speaker selects
    the epoch and nobody of that session trains. Elsewhere two development speakers
    do: the next of the same gender and the next of the other one, in the order of
    names and cyclically. One alone is too few: its best accuracies tie.

    Args:
        table: labelled utterances of at least 4 speakers.
        unlabelled: speech for the auxiliary tasks; what a development or test
            speaker says in it, or anybody in the test speaker's session, is left
            out.

    Returns:
        The folds by the test speaker's name, without its corpus where there is
        one corpus only.

    Raises:
        ValueError: too few speakers.
    """
    speakers = _speakers(table)
    needed = 4  # one tests, two select the epoch, one trains
    if len(speakers) < needed:
        raise ValueError(
            f"Protocol `leave_one_speaker_out` needs at least {needed} speakers. "
            f"Received: corpus={corpora_of(table)} with speakers={speakers}. "
            "Use `held_out_speakers` for a corpus with so few."
        )
    folds = (
        _fold(_fold_name(speaker, table), table, [speaker], dev, unlabelled)
        for speaker, dev in _development(table, speakers)
    )
    return {fold.name: fold for fold in folds}


def held_out_speakers(
    table: pd.DataFrame,
    unlabelled: pd.DataFrame | None = None,
    test: tuple[str, ...] = (),
    dev: tuple[str, ...] = (),
) -> dict[str, Fold]:
    """One fold with named test and development speakers; all others train.

    Args:
        table: labelled utterances.
        unlabelled: as in `leave_one_speaker_out`.
        test, dev: names of speakers, `synthetic/s04`.
    """
    speakers = set(_speakers(table))
    unknown = sorted((set(test) | set(dev)) - speakers)
    if unknown or not test or not dev:
        raise ValueError(
            "Protocol `held_out_speakers` needs `test` and `dev` speakers among "
            f"{sorted(speakers)}. Received: test={list(test)}, dev={list(dev)}."
        )
    return {"held-out": _fold("held-out", table, test, dev, unlabelled)}


def k_fold(
    table: pd.DataFrame, unlabelled: pd.DataFrame | None = None, folds: int = 5
) -> dict[str, Fold]:
    """Each of `folds` groups of speakers is tested once.

    Groups are neighbours in the order of names, as equal in size as possible, where
    corpora and genders take turns: six folds of RAVDESS are actors 01 to 04, 05 to
    08 and so on. Two speakers after the group select the epoch, the next of its
    first speaker's gender and the next of the other one, cyclically. A session
    stands on one side as a whole, so that its partners join whoever was chosen.

    Args:
        table: labelled utterances.
        unlabelled: as in `leave_one_speaker_out`.
        folds: how many, at least 2.

    Returns:
        The folds by their numbers, `1` to `6`.

    Raises:
        ValueError: too few speakers, or sessions, to fill the folds and to leave
            somebody to train.
    """
    units = _units(table)
    if type(folds) is not int or not 2 <= folds <= len(units):
        raise ValueError(
            "Protocol `k_fold` needs `folds` of at least 2 and at most the number of "
            f"speakers (of sessions, where there are any), {len(units)}. Received: "
            f"folds={folds!r}, corpus={corpora_of(table)} with "
            f"speakers={_speakers(table)}."
        )
    gender = table.drop_duplicates("speaker").set_index("speaker").gender
    made, first = {}, 0
    for number, count in enumerate(_group_sizes(units, folds), start=1):
        group, rest = units[first : first + count], units[first + count :]
        others = rest + units[:first]
        test = sum(group, [])
        chosen = _next_speakers(gender[test[0]], sum(others, []), gender)
        dev = sum((unit for unit in others if not set(unit).isdisjoint(chosen)), [])
        name = str(number).zfill(len(str(folds)))
        made[name] = _fold(name, table, test, dev, unlabelled, apart=test + dev)
        first += count
    return made


PROTOCOLS = {
    "leave_one_speaker_out": leave_one_speaker_out,
    "held_out_speakers": held_out_speakers,
    "k_fold": k_fold,
}


def corpora_of(table: pd.DataFrame) -> str:
    return "+".join(sorted(set(table.corpus)))


def _speakers(table: pd.DataFrame) -> list[str]:
    return sorted(table.speaker.unique())


def _fold_name(speaker: str, table: pd.DataFrame) -> str:
    """Fit for a folder's name: `03`, or `emodb-03` beside another corpus."""
    if table.corpus.nunique() == 1:
        return speaker.split("/", 1)[-1]
    return speaker.replace("/", "-")


def _development(table, speakers) -> Iterator[tuple[str, list[str]]]:
    """Test speaker and development speakers of each fold."""
    rows = table.drop_duplicates("speaker").set_index("speaker")
    sessions = _sessions(rows)
    for speaker in speakers:
        here = sessions[speaker]
        partners = [s for s in speakers if s != speaker and sessions[s] == here]
        if rows.session[speaker] and partners:
            yield speaker, partners
        else:
            place = speakers.index(speaker)
            others = speakers[place + 1 :] + speakers[:place]
            yield speaker, _next_speakers(rows.gender[speaker], others, rows.gender)


def _next_speakers(own: str, others: list[str], gender) -> list[str]:
    """The first of gender `own` among `others`, and the first of another one."""
    same = [s for s in others if gender[s] == own][:1]
    other = [s for s in others if gender[s] != own][:1]
    chosen = same + other
    return chosen + [s for s in others if s not in chosen][: 2 - len(chosen)]


def _units(table) -> list[list[str]]:
    """Speakers that stay together, in an order where corpora and genders take turns."""
    rows = table.drop_duplicates("speaker").sort_values("speaker")
    together = _sessions(rows).where(rows.session != "", rows.speaker)
    units = (
        rows.assign(together=together)
        .groupby("together", sort=False)
        .agg(
            speakers=("speaker", list),
            kind=("gender", lambda genders: "+".join(sorted(set(genders)))),
            corpus=("corpus", "first"),
        )
    )
    kinds = units.groupby(["corpus", "kind"], sort=False)
    # The i-th of n stands at (i + ½) / n, whatever the size of its kind.
    units["place"] = (kinds.cumcount() + 0.5) / kinds.kind.transform("size")
    units["rank"] = kinds.ngroup()
    return list(units.sort_values(["place", "rank"]).speakers)


def _group_sizes(units, folds) -> list[int]:
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


def _fold(name, table, test, dev, unlabelled, apart=None) -> Fold:
    """`apart` names the speakers of whose sessions nobody trains; default `test`."""
    apart = test if apart is None else apart
    held = set(test) | set(dev)
    train = table[~table.speaker.isin(held) & ~_of_session(table, table, apart)]
    if train.empty:
        raise ValueError(
            f"Fold `{name}` has no speaker left to train on: test={list(test)}, "
            f"dev={list(dev)} of {_speakers(table)}."
        )
    if unlabelled is not None:
        drop = unlabelled.speaker.isin(held) | _of_session(unlabelled, table, apart)
        unlabelled = unlabelled[~drop].reset_index(drop=True)
    return Fold(
        name=name,
        train=train.reset_index(drop=True),
        dev=table[table.speaker.isin(dev)].reset_index(drop=True),
        tests={"test": table[table.speaker.isin(test)].reset_index(drop=True)},
        unlabelled=unlabelled,
        classes=corpora.classes(table),
        selected_by=f"development speakers {', '.join(sorted(dev))}",
    )


def _of_session(rows, table, speakers) -> pd.Series:
    """Which rows come from a session that one of the speakers was recorded in."""
    recorded = table[table.speaker.isin(speakers) & (table.session != "")]
    return _sessions(rows).isin(set(_sessions(recorded)))


def _sessions(table) -> pd.Series:
    return table.corpus + "/" + table.session  # corpora number theirs alike


def _fingerprint(table: pd.DataFrame) -> str:
    columns = ["utterance", "digest", "start", "end", "speaker", "emotion"]
    rows = sorted(map(repr, table[columns].itertuples(index=False, name=None)))
    return hashlib.blake2b("\n".join(rows).encode(), digest_size=16).hexdigest()
