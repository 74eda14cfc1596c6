"""One division of the speech into sides that share nothing."""

import dataclasses
import hashlib
import warnings
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import pandas as pd

from keras_ser import corpora
from keras_ser.corpora.table import RATINGS
from keras_ser.protocols import leaks
from keras_ser.protocols.speakers import speakers_of
from keras_ser.protocols.speech import Rows, Side, Speech, as_table, column, speech_of

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
        dev: Development utterances. They set the temperature of the probabilities, and
            select the epoch or lower the learning rate if the settings say so.
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
        parts = self._parts()
        speech = speech_of([each for own in parts.values() for each in own])
        if speech is None or not speech.surely_disjoint(parts, exempt):
            leaks.check_disjoint(self.name, self.sides(), exempt)
        _check_classes(self)

    def _parts(self) -> dict[str, list[Side]]:
        """What each side consists of, without copies."""
        held = [_held(self, name) for name in ("train", "unlabelled")]
        learn = [each for each in held if each is not None]
        heard = {} if self.heard is None else {HEARD: [self.heard]}
        tests = list(_held(self, "tests").values())
        return {"train": learn, "dev": [_held(self, "dev")], "test": tests, **heard}

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
        return {
            side: sorted({name for x in own for name in column(x, "speaker").unique()})
            for side, own in self._parts().items()
        }


class _Lazy:
    """A field of a fold whose rows become a table each time it is read."""

    def __init__(self, name: str):
        self.name = f"_{name}"

    def __get__(self, fold, owner=None):
        if fold is None:
            raise AttributeError(self.name)
        return self.read(fold.__dict__[self.name])

    def __set__(self, fold, value) -> None:
        fold.__dict__[self.name] = value

    @staticmethod
    def read(held: Any) -> Any:
        return held if held is None else as_table(held)


class _LazyTables(_Lazy):
    """The same for tables by name."""

    @staticmethod
    def read(held: Any) -> Any:
        has_rows = any(isinstance(each, Rows) for each in held.values())
        return _Tables(held) if has_rows else held


class _Tables(Mapping):
    """Tables by name, which are made of their rows when they are read."""

    def __init__(self, held: Mapping[str, Side]):
        self.held = held

    def __getitem__(self, name: str) -> pd.DataFrame:
        return as_table(self.held[name])

    def __iter__(self):
        return iter(self.held)

    def __len__(self) -> int:
        return len(self.held)

    def __repr__(self) -> str:
        return f"<tables {', '.join(self.held)}>"


_LAZY = {"train": _Lazy, "dev": _Lazy, "unlabelled": _Lazy, "tests": _LazyTables}
for _name, _kind in _LAZY.items():
    # Not in the class, where a dataclass would take them for defaults.
    setattr(Fold, _name, _kind(_name))


def _held(fold: Fold, name: str):
    """What a fold holds of a field: rows, a table, or tables by name."""
    held = fold.__dict__[f"_{name}"]
    return held.held if isinstance(held, _Tables) else held  # from another fold


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
    return fold_of(name, Speech(table, unlabelled), test, dev, apart)


def fold_of(
    name: str,
    speech: Speech,
    test: Collection[str],
    dev: Collection[str],
    apart: Collection[str] | None = None,
) -> Fold:
    """Make the fold of a protocol's speech; arguments and errors as for `make_fold`.

    Args:
        name, test, dev, apart: As for `make_fold`.
        speech: The speech, which all folds of a protocol share.
    """
    apart = test if apart is None else apart
    train, development, tested, unlabelled = speech.divide(test, dev, apart)
    if not len(train):
        raise ValueError(
            f"Fold `{name}` has no speaker left to train on. Received: "
            f"test={list(test)}, dev={list(dev)} of "
            f"speakers={speakers_of(speech.tables[0])}. Hold out fewer speakers, or "
            "use a corpus with more speakers or sessions."
        )
    fold = Fold(
        name=name,
        train=train,
        dev=development,
        tests={"test": tested},
        unlabelled=unlabelled,
        classes=_classes(train),
        selected_by=f"development speakers {', '.join(sorted(dev))}",
    )
    return report_unknown_classes(fold)


def _classes(*sides: Side) -> tuple[str, ...]:
    """The emotions of sides, sorted, without unlabelled rows."""
    found = {name for side in sides for name in column(side, "emotion").unique()}
    return tuple(sorted(found - {""}))


def report_unknown_classes(fold: Fold) -> Fold:
    """Warn of utterances whose class the training speech lacks; return the fold.

    Raises:
        ValueError: If no development utterance is of a class of the training speech,
            so that nothing selects the epoch.
    """
    dev, tests = _classes(_held(fold, "dev")), _held(fold, "tests").values()
    if dev and set(dev).isdisjoint(fold.classes):
        raise ValueError(
            f"Fold `{fold.name}` needs development utterances of the classes that it "
            f"trains, {list(fold.classes)}. Received: {list(dev)}. Choose other "
            "`labels`, or other development speakers."
        )
    if {*dev, *_classes(*tests)} <= set(fold.classes):
        return fold
    sides = {"development": fold.dev, "test": pd.concat(map(as_table, tests))}
    unknown = {side: _unknown(table, fold.classes) for side, table in sides.items()}
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
    tests = _held(fold, "tests")
    if not tests:
        raise ValueError(
            f"Fold `{fold.name}` needs at least one test table. Received: none. Pass "
            "tests={'test': table}."
        )
    for name, rows in tests.items():
        names = column(rows, "utterance")
        twice = names[names.duplicated()].unique()
        if names.empty or len(twice):
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
    strangers = sorted({*heard.speaker} - {*fold.speakers()["train"]})
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
    unknown = sorted({*_classes(_held(fold, "train"))} - {*fold.classes})
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
