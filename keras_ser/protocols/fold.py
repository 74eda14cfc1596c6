"""One division of the speech into sides that share nothing."""

import dataclasses
import hashlib
import warnings
from collections.abc import Collection, Iterable, Mapping

import pandas as pd

from keras_ser import corpora
from keras_ser.corpora.table import RATINGS
from keras_ser.protocols import leaks
from keras_ser.protocols.speakers import in_sessions_of, speakers_of

HEARD = "heard"  # the side, and the test, of held-out utterances of training speakers


@dataclasses.dataclass(frozen=True)
class Fold:
    """One division of the speech into training, development and test utterances.

    The three sides share no speaker, no segment of audio and no copy of an utterance.
    `test_speakers_select` and `train_speakers_select` name the only exceptions. A fold
    cannot be changed; `dataclasses.replace` makes a new one, which is checked again.

    Args:
        name: Name of the fold, such as `"03"`.
        train: Labelled utterances to train on.
        dev: Development utterances. Their score selects the epoch.
        tests: Test tables by name. Each is scored once, at the end.
        unlabelled: Utterances for the auxiliary tasks, or `None`. They count as
            training speech.
        classes: The emotions of the labelled training utterances, in the order of a
            model's probabilities. Of the others, development utterances do not count,
            and test utterances count as errors.
        selected_by: Description of what selects the epoch, for the report.
        test_speakers_select: Whether other utterances of the test speakers select the
            epoch, as the protocols of some papers require. Reports say so.
        train_speakers_select: Whether other utterances of the training speakers select
            the epoch, because a corpus has too few speakers. Reports say so.
        heard: Utterances of training speakers that are not trained on, or `None`. Heads
            of attributes are scored on them; see `with_heard`.
        clusters: Activation and valence of the centroid of each class, if the classes
            are clusters of ratings; see `with_clusters`.

    Raises:
        ValueError: If two sides share a speaker, a segment of audio, or an utterance
            and a copy of it, if there are fewer than two classes, or if a test table
            is empty or holds an utterance twice. `heard` may share speakers with the
            training side, and must share all of them. No test table may be called
            `heard` then.

    Example:

    >>> fold = leave_one_speaker_out(table)["03"]
    >>> fold.speakers()["dev"]
    ['emodb/08', 'emodb/10']
    """

    name: str
    train: pd.DataFrame
    dev: pd.DataFrame
    tests: Mapping[str, pd.DataFrame]
    unlabelled: pd.DataFrame | None
    classes: tuple[str, ...]
    selected_by: str
    test_speakers_select: bool = False
    train_speakers_select: bool = False
    heard: pd.DataFrame | None = None
    clusters: Mapping[str, Mapping[str, float]] | None = None

    def __post_init__(self) -> None:
        _check_tests(self)
        exempt = {("dev", "test", "speakers")} if self.test_speakers_select else set()
        if self.train_speakers_select:
            exempt |= {("train", "dev", "speakers")}
        if self.heard is not None:
            _check_heard(self, self.heard)
            exempt |= {("train", HEARD, "speakers")}
        leaks.check_disjoint(self.name, self.sides(), exempt)
        _check_classes(self)

    def sides(self) -> dict[str, pd.DataFrame]:
        """The utterances of each side.

        Returns:
            Tables by side: `train` (labelled and unlabelled), `dev`, `test` (all test
            tables) and, if there is one, `heard`.
        """
        learn = [self.train]
        if self.unlabelled is not None:
            learn.append(self.unlabelled)
        return {
            "train": pd.concat(learn),
            "dev": self.dev,
            "test": pd.concat(list(self.tests.values())),
            **({} if self.heard is None else {HEARD: self.heard}),
        }

    def fingerprints(self) -> dict[str, str]:
        """A hash of each side's utterances, audio and labels.

        Returns:
            Hashes by side. They do not depend on the order of the rows.
        """
        return {side: fingerprint(table) for side, table in self.sides().items()}

    def speakers(self) -> dict[str, list[str]]:
        """The speakers of each side.

        Returns:
            Sorted names by side.
        """
        return {side: speakers_of(table) for side, table in self.sides().items()}


def make_fold(
    name: str,
    table: pd.DataFrame,
    test: Collection[str],
    dev: Collection[str],
    unlabelled: pd.DataFrame | None,
    apart: Collection[str] | None = None,
) -> Fold:
    """Make the fold with these test and development speakers; all others train.

    Args:
        name: Name of the fold.
        table: Labelled utterances.
        test: Names of the test speakers.
        dev: Names of the development speakers.
        unlabelled: Speech for the auxiliary tasks, or `None`.
        apart: Speakers whose whole sessions are excluded from training; by default,
            the test speakers.

    Raises:
        ValueError: If no speaker is left to train on, if the training speech has fewer
            than two classes, or if the development speech has none of them.
    """
    apart = test if apart is None else apart
    held_out = set(test) | set(dev)
    train = table[~table.speaker.isin(held_out) & ~in_sessions_of(table, table, apart)]
    if train.empty:
        raise ValueError(
            f"Fold `{name}` has no speaker left to train on. Received: "
            f"test={list(test)}, dev={list(dev)} of speakers={speakers_of(table)}. "
            "Hold out fewer speakers, or use a corpus with more speakers or sessions."
        )
    if unlabelled is not None:
        drop = unlabelled.speaker.isin(held_out)
        drop |= in_sessions_of(unlabelled, table, apart)
        unlabelled = unlabelled[~drop].reset_index(drop=True)
    fold = Fold(
        name=name,
        train=train.reset_index(drop=True),
        dev=table[table.speaker.isin(dev)].reset_index(drop=True),
        tests={"test": table[table.speaker.isin(test)].reset_index(drop=True)},
        unlabelled=unlabelled,
        classes=corpora.classes(train),
        selected_by=f"development speakers {', '.join(sorted(dev))}",
    )
    return report_unknown_classes(fold)


def report_unknown_classes(fold: Fold) -> Fold:
    """Warn of utterances whose class the training speech lacks; return the fold.

    Raises:
        ValueError: If no development utterance is of a class of the training speech,
            so that nothing selects the epoch.
    """
    sides = {"development": fold.dev, "test": pd.concat(list(fold.tests.values()))}
    unknown = {side: _unknown(table, fold.classes) for side, table in sides.items()}
    dev = corpora.classes(fold.dev)
    if dev and set(dev).isdisjoint(fold.classes):
        raise ValueError(
            f"Fold `{fold.name}` needs development utterances of the classes that it "
            f"trains, {list(fold.classes)}. Received: {list(dev)}. Choose other "
            "`labels`, or other development speakers."
        )
    rows = pd.concat(unknown.values())
    if len(rows):
        counts = [
            f"{len(unknown[side])} of {len(sides[side])} {side}" for side in sides
        ]
        warnings.warn(
            f"Fold `{fold.name}`: the training speech lacks "
            f"{', '.join(corpora.classes(rows))}, the class of {' and '.join(counts)} "
            "utterances. These do not count in development, and are errors in the "
            "test. If that is not intended, choose `labels` that all sides have, such "
            "as 'four'.",
            stacklevel=4,
        )
    return fold


def _unknown(table: pd.DataFrame, classes: Collection[str]) -> pd.DataFrame:
    """The rows with an emotion that is not among the classes."""
    return table[~table.emotion.isin([*classes, ""])]


def _check_tests(fold: Fold) -> None:
    """Raises unless there are test utterances, each of them once in its table."""
    if not fold.tests:
        raise ValueError(
            f"Fold `{fold.name}` needs at least one test table. Received: none. Pass "
            "tests={'test': table}."
        )
    for name, table in fold.tests.items():
        twice = table.utterance[table.utterance.duplicated()].unique()
        if table.empty or len(twice):
            received = (
                ", ".join(twice[:5]) + " more than once" if len(twice) else "none"
            )
            raise ValueError(
                f"Fold `{fold.name}` needs test utterances, each once in its table. "
                f"Received in the table {name!r}: {received}. Correct the ids, or "
                "leave out the empty table."
            )


def _check_heard(fold: Fold, heard: pd.DataFrame) -> None:
    """Raises unless the held-out utterances are of training speakers, each once."""
    if HEARD in fold.tests:
        raise ValueError(
            f"Fold `{fold.name}` with held-out utterances of training speakers must "
            f"not have a test table called {HEARD!r}, which is what they are called. "
            "Give the table another name, or leave out `heard_fraction`."
        )
    strangers = sorted({*heard.speaker} - {*fold.sides()["train"].speaker})
    twice = heard.utterance[heard.utterance.duplicated()].unique()
    if heard.empty or strangers or len(twice):
        received = [*strangers[:3], *(f"{name} more than once" for name in twice[:3])]
        raise ValueError(
            f"Fold `{fold.name}` needs `{HEARD}` as utterances of training speakers, "
            f"each of them once. Received: {', '.join(received) or 'none'}. Draw them "
            "with `protocols.with_heard`."
        )


def _check_classes(fold: Fold) -> None:
    """Raises unless the training speech has two or more classes, all of them known."""
    if isinstance(fold.classes, str) or len(set(fold.classes)) < 2:
        raise ValueError(
            f"Fold `{fold.name}` needs training speech of two or more classes. "
            f"Received: {fold.classes!r}. Choose other `labels`, hold out fewer "
            "speakers, or use a larger corpus."
        )
    unknown = corpora.classes(_unknown(fold.train, fold.classes))
    if unknown:
        raise ValueError(
            f"Fold `{fold.name}`: `classes` must be those of the training speech. "
            f"Received: {fold.classes!r}, without {list(unknown)}. Pass "
            "classes=corpora.classes(train)."
        )


def corpora_of(table: pd.DataFrame) -> str:
    """The names of a table's corpora, joined like `"emodb+ravdess"`."""
    return "+".join(sorted(set(table.corpus)))


def fingerprint(table: pd.DataFrame, columns: Iterable[str] = ()) -> str:
    """A hash of a table's utterances, audio and labels, independent of row order.

    Args:
        table: The table. Ratings, such as valence, count if any utterance has them.
        columns: Further columns that count.
    """
    rated = [name for name in RATINGS if table[name].notna().any()]
    names = ["utterance", "digest", "start", "end", "speaker", "emotion"]
    view = table[[*names, *rated, *columns]]
    rows = sorted(map(repr, view.itertuples(index=False, name=None)))
    return hashlib.blake2b("\n".join(rows).encode(), digest_size=16).hexdigest()
