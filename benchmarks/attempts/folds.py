"""A protocol tests each utterance that it promises once, or there is an error."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from attempts import REFUSALS, refused
from keras_ser import corpora, protocols
from keras_ser.experiments import Experiment, System
from keras_ser.experiments.plan import plan_jobs
from keras_ser.experiments.systems import few_labels
from keras_ser.protocols.fold import make_fold

ORDER = 2
PROMISE = "Each test utterance is tested once, or there is an error"


def attempts(folder: Path):
    """Yield every attempt to test an utterance twice, or never."""
    for name, (make, promised) in LEGAL.items():
        yield name, lambda make=make, promised=promised: legal(make, promised)
    for name, (make, promised) in MAYBE.items():
        yield name, lambda make=make, promised=promised: maybe(make, promised)
    for name, call in PLANNED.items():
        yield name, lambda call=call: refused(lambda: call(folder))


def rows(*speakers, corpus="", language="deu", session="", emotions=("anger", "fear")):
    """One utterance per emotion of each speaker, who is called `<corpus>/<name>`."""
    made = []
    for number, speaker in enumerate(speakers):
        own, _, name = speaker.partition("/")
        for count, emotion in enumerate(emotions):
            utterance = f"{speaker}/{count}"
            made.append(
                {
                    **{"utterance": utterance, "file": f"{utterance}.wav"},
                    **{"start": np.nan, "end": np.nan, "duration": 1.0},
                    **{"digest": f"digest {utterance}", "source": utterance},
                    **{"corpus": corpus or own, "speaker": speaker},
                    **{"session": session and f"{session}{name}"},
                    **{"gender": ("female", "male")[number % 2]},
                    **{"language": language, "emotion": emotion},
                }
            )
    return pd.DataFrame(made).reindex(columns=corpora.COLUMNS)


def join(*tables):
    """Tables below each other."""
    return pd.concat(tables, ignore_index=True)


def tested(folds) -> list[tuple[str, str]]:
    """Utterance and speaker of everything that folds test."""
    parts = [table for fold in folds.values() for table in fold.tests.values()]
    table = pd.concat(parts)
    return sorted(zip(table.utterance, table.speaker, strict=True))


def expected(table, times=1) -> list[tuple[str, str]]:
    """Utterance and speaker of each row."""
    return sorted([*zip(table.utterance, table.speaker, strict=True)] * times)


def legal(make: Callable, promised: Callable) -> str:
    """What is legal must be accepted and must be complete."""
    try:
        folds = make()
    except REFUSALS as error:
        return f"legal speech is rejected: {error}"
    return "" if tested(folds) == promised(folds) else "other utterances are tested"


def maybe(make: Callable, promised: Callable) -> str:
    """What is ambiguous is either complete or rejected."""
    try:
        folds = make()
    except REFUSALS:
        return ""
    found, wanted = tested(folds), promised(folds)
    return "" if found == wanted else f"{len(wanted)} promised, {len(found)} tested"


def loso(table):
    """Leave-one-speaker-out folds of a table, and what they promise."""
    return lambda: protocols.leave_one_speaker_out(table), lambda folds: expected(table)


def k_fold(table, folds):
    """Folds of groups of speakers, and what they promise."""
    return lambda: protocols.k_fold(table, folds=folds), lambda made: expected(table)


def each(table, **options):
    """The folds of each corpus, and what they promise."""
    return lambda: protocols.each_corpus(table, **options), lambda made: expected(table)


def held(table, test, dev):
    """Named test speakers, and what they promise."""
    wanted = table[table.speaker.isin(test)].drop_duplicates("utterance")
    return (
        lambda: protocols.held_out_speakers(table, test=test, dev=dev),
        lambda made: expected(wanted),
    )


def cross(table, **options):
    """Training on one corpus and testing on another, and what that promises."""

    def promised(folds):
        (fold,) = folds.values()
        target = table[table.corpus == options["test"]]
        return expected(target[~target.utterance.isin(fold.dev.utterance)])

    return lambda: protocols.cross_corpus(table, **options), promised


def languages(table):
    """Every ordered pair of languages: what does not select is tested each time."""

    def promised(folds):
        names = sorted(set(table.language))
        pairs = [(a, b) for a in names for b in names if a != b]
        rows_of = {name: table[table.language == name] for name in names}
        made = []
        for source, target in pairs:
            part = join(rows_of[source], rows_of[target])
            own = protocols.cross_language(part)
            (fold,) = [f for f in own.values() if f.train.language.iloc[0] == source]
            made += expected(pd.concat(list(fold.tests.values())))
        return sorted(made)

    return lambda: protocols.cross_language(table), promised


FOUR = [f"toy/{n}" for n in range(4)]
TEN = [f"toy/{n:02}" for n in range(10)]
PLAIN, MORE = rows(*FOUR), rows(*TEN)
OTHER = rows(*[f"other/{n}" for n in range(6)], language="eng")
THIRD = rows(*[f"third/{n}" for n in range(6)], language="fra")
TWO = join(MORE, OTHER)
ODD = rows("toy/a b", "toy/é", "toy/a.b", "toy/a-b", "toy/ä,ö", "toy/(x)")
NUMBERS = rows("a/1", "a/2", "a/10", "a/20")
SESSIONS = rows(*TEN, session="s")
PAIRS = MORE.assign(session=[f"{n // 4}" for n in range(len(MORE))])
NAMED_LIKE_SESSION = join(
    rows("toy/1", "toy/2", "toy/3", "toy/4"),
    rows("toy/x", "toy/y", "toy/z", "toy/w").assign(
        session=[f"{n // 2 + 1}" for n in range(8)]
    ),
)
JOINED = join(
    rows("a/b-c", "a/d", "a/e", "a/f"), rows("a-b/c", "a-b/g", "a-b/h", "a-b/i")
)
PREFIXES = rows("x/1", "y/1", "x/2", "y/2", "x/3", "y/3", corpus="toy")
EACH_JOINED = join(
    rows(*[f"a/b-{n}" for n in range(4)]), rows(*[f"a-b/{n}" for n in range(4)])
)
LANGUAGES_JOINED = join(
    *[
        rows(*[f"{corpus}/{n}" for n in range(4)], language=language)
        for corpus, language in [("a", "1"), ("b-c", "2"), ("a-b", "3"), ("c", "4")]
    ]
)
TWICE = join(MORE, MORE.iloc[:2])
LEGAL = {
    "leave one speaker out": loso(PLAIN),
    "leave one speaker out of two corpora": loso(TWO),
    "leave one speaker out with odd names": loso(ODD),
    "leave one speaker out with numbers as names": loso(NUMBERS),
    "leave one speaker out with a session each": loso(SESSIONS),
    "leave one speaker out with sessions of two": loso(PAIRS),
    "leave one speaker out, names like sessions": loso(NAMED_LIKE_SESSION),
    "two groups": k_fold(MORE, 2),
    "three groups": k_fold(MORE, 3),
    "ten groups": k_fold(MORE, 10),
    "groups of two corpora": k_fold(TWO, 4),
    "groups of sessions": k_fold(PAIRS, 3),
    "as many groups as units, names like sessions": k_fold(NAMED_LIKE_SESSION, 8),
    "named speakers": held(MORE, ("toy/01", "toy/02"), ("toy/03",)),
    "a named speaker twice": held(MORE, ("toy/01", "toy/01"), ("toy/03",)),
    "each corpus": each(TWO),
    "each corpus in groups": each(TWO, protocol="k_fold", arguments={"folds": 2}),
    "each corpus, if there is one": each(PLAIN),
    "across corpora by speaker": cross(TWO, train="toy", test="other"),
    "across corpora by utterance": cross(
        TWO, train="toy", test="other", split="utterance"
    ),
    "across two languages": languages(TWO),
    "across three languages": languages(join(TWO, THIRD)),
    "a fraction of the labels": (
        lambda: protocols.label_fraction(TWO, fraction=0.5),
        lambda made: expected(TWO),
    ),
}
MAYBE = {
    "speakers a/b-c and a-b/c": loso(JOINED),
    "one name behind two prefixes": loso(PREFIXES),
    "each of the corpora a and a-b": each(EACH_JOINED),
    "languages of corpora a, b-c, a-b and c": languages(LANGUAGES_JOINED),
    "a fraction of the labels of a/b-c and a-b/c": (
        lambda: protocols.label_fraction(JOINED, fraction=0.5),
        lambda made: expected(JOINED),
    ),
    "an utterance twice, one speaker out": (
        lambda: protocols.leave_one_speaker_out(TWICE),
        lambda made: expected(MORE),
    ),
    "an utterance twice, in groups": (
        lambda: protocols.k_fold(TWICE, folds=5),
        lambda made: expected(MORE),
    ),
    "an utterance twice, named": held(TWICE, ("toy/00",), ("toy/03",)),
}


def planned(table, folder, systems=("one",), **options):
    """Plan an experiment on a table; the folder gets no file."""
    config = Experiment(
        name="toy",
        corpus="emodb",
        systems={name: System("LengthProbe", augment=()) for name in systems},
        **options,
    )
    return plan_jobs(config, table, None, folder)


def own_protocol(name_of):
    """Plan with a protocol whose keys are not the names of its folds."""

    def protocol(table, unlabelled=None):
        folds = protocols.leave_one_speaker_out(table)
        return {name_of(name): fold for name, fold in folds.items()}

    def call(folder):
        protocols.PROTOCOLS["own"] = protocol
        try:
            planned(PLAIN, folder, protocol="own")
        finally:
            del protocols.PROTOCOLS["own"]

    return call


def changed_test(change):
    """A fold whose test table is changed."""

    def call(folder):
        fold = make_fold("one", MORE, ["toy/00"], ["toy/01", "toy/02"], None)
        dataclasses.replace(fold, tests=change(fold.tests["test"]))

    return call


PLANNED = {
    "folds A and a in one folder": lambda out: planned(
        rows("toy/A", "toy/a", "toy/b", "toy/c"), out
    ),
    "folds with one accent written in two ways": lambda out: planned(
        rows("toy/\u00e9", "toy/e\u0301", "toy/b", "toy/c"), out
    ),
    "systems SVM and svm in one folder": lambda out: planned(
        PLAIN, out, ("SVM", "svm")
    ),
    "a protocol with keys of its own": own_protocol(lambda name: f"speaker {name}"),
    "fractions with one percentage": lambda out: few_labels((0.2, 0.204)),
    "a fold without tests": changed_test(lambda table: {}),
    "a fold with an empty test": changed_test(lambda table: {"test": table[:0]}),
    "a fold with an utterance twice": changed_test(
        lambda table: {"test": join(table, table[:1])}
    ),
}
