"""A guard that matches nothing, because of a misspelt name, is an error."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from attempts import REFUSALS, refused
from keras_ser import corpora, protocols
from keras_ser.experiments import Experiment, System
from keras_ser.experiments.plan import plan_jobs
from keras_ser.models import BASELINE
from keras_ser.protocols import leaks
from keras_ser.tuning.study import plan_search

ORDER = 7
PROMISE = "A guard whose names match nothing is an error"
NAMES = [f"{number}" for number in range(8)]


def attempts(folder: Path):
    """Yield every attempt to pass a guard."""
    for name, make in WRONG.items():
        yield name, lambda make=make: refused(make(folder))
    for name, make in RIGHT.items():
        yield name, lambda make=make: accepted(make(folder))


def accepted(call: Callable) -> str:
    """The call must be possible."""
    try:
        call()
    except REFUSALS as error:
        return f"rejected: {error}"
    return ""


def speech(corpus: str = "toy", audio: str = "toy", names=NAMES) -> pd.DataFrame:
    """Eight speakers with four utterances each; `audio` says whose bytes they have."""
    rows = []
    for number, name in enumerate(names):
        for count in range(4):
            own = f"{corpus}/{name}-{count}"
            rows.append(
                {
                    **{"utterance": own, "file": f"{own}.wav", "source": own},
                    "digest": f"{number}{count}".ljust(32, audio[0]),
                    **{"start": np.nan, "end": np.nan, "duration": 1.0},
                    **{"corpus": corpus, "speaker": f"{corpus}/{name}", "session": ""},
                    "gender": ("female", "male")[number % 2],
                    **{"language": "deu", "emotion": ("anger", "fear")[count % 2]},
                }
            )
    return pd.DataFrame(rows).reindex(columns=corpora.COLUMNS)


TABLE = speech()
RENAMED = speech("copy")
OTHER = speech("other", "other")


def config(**options) -> Experiment:
    """An experiment with one network and one classical system."""
    systems = {
        "net": System(arguments=BASELINE, augment=()),
        "svm": System("LengthProbe", augment=()),
    }
    return Experiment(name="toy", corpus="emodb", systems=systems, **options)


def plan(unlabelled=None, **options):
    """A call that plans an experiment; `folds` and `systems` choose some."""
    chosen = {key: options.pop(key) for key in ("folds", "systems") if key in options}
    return lambda folder: (
        lambda: plan_jobs(config(**options), TABLE, unlabelled, folder, **chosen)
    )


def tuned(table, fold="", search=TABLE, change=None, **options):
    """A call that plans the config which a search has written, on another table."""

    def make(folder):
        def call():
            found = plan_search(
                config(), (search, None), folder, system="net", fold="3", divisions=2
            ).tuned_config({})
            found = change(found) if change else found
            chosen = [fold] if fold else []
            plan_jobs(found, table, None, folder, folds=chosen, **options)

        return call

    return make


def search(**options):
    """A call that plans a search."""
    own = config(**options.pop("config", {}))
    return lambda folder: (
        lambda: plan_search(
            own, (TABLE, None), folder, system="net", divisions=2, **options
        )
    )


def sides(**exempt):
    """A call that checks sides which share a speaker, with an exemption."""
    half = TABLE.groupby("speaker").cumcount() < 2
    parts = {"train": OTHER, "dev": TABLE[half], "test": TABLE[~half]}
    return lambda folder: lambda: leaks.check_disjoint("one", parts, **exempt)


def digests(value):
    """A call that divides speech without digests, of which half is a copy."""
    copied = TABLE.assign(digest=value)
    return lambda folder: lambda: protocols.leave_one_speaker_out(copied)


def divide(name, table=TABLE, **arguments):
    """A call of a protocol."""
    return lambda folder: lambda: protocols.PROTOCOLS[name](table, **arguments)


def without_audio(found):
    """The config of a search of an earlier version, which recorded names only."""
    names = {field.name for field in dataclasses.fields(found)}
    empty = {"tuned_audio": ()} if "tuned_audio" in names else {}
    return dataclasses.replace(found, **empty)


BOTH = pd.concat([TABLE, OTHER], ignore_index=True)
HELD = "held_out_speakers"
WRONG = {
    "tuned_on with a misspelt speaker": plan(tuned_on=("toy/O",)),
    "tuned_on without the corpus": plan(tuned_on=("0",)),
    "tuned_on with other capitals": plan(tuned_on=("Toy/0",)),
    "tuned_on with a space": plan(tuned_on=("toy/0 ",)),
    "tuned_on with one right and one wrong": plan(
        tuned_on=("toy/0", "toy/nobody"), folds=["1"]
    ),
    "tuned_on a tested speaker": plan(tuned_on=("toy/0",)),
    "tuned_on a speaker of a chosen fold": plan(tuned_on=("toy/0",), folds=["0", "1"]),
    "a search, then a fold that tests its speakers": tuned(TABLE, "1"),
    "a search, then all folds": tuned(TABLE),
    "a search, then the same files of another corpus": tuned(RENAMED, "1"),
    "a search, then all folds of another name": tuned(RENAMED),
    "a search, then the same files with new speakers": tuned(
        speech("toy", names=[f"new{n}" for n in NAMES]), "new1"
    ),
    "a search, then the same files in two corpora": tuned(
        pd.concat([RENAMED, OTHER], ignore_index=True), "copy-1"
    ),
    "names of a search only, then another corpus": tuned(
        RENAMED, "1", change=without_audio
    ),
    "a search inside a fold that tests an earlier search": search(
        fold="3", config={"tuned_on": ("toy/3",)}
    ),
    "a search after a misspelt search": search(
        fold="3", config={"tuned_on": ("toy/E",)}
    ),
    "a search inside an unknown fold": search(fold="33"),
    "a search among unknown speakers": search(speakers=("toy/0", "toy/x")),
    "unknown folds": plan(folds=["00"]),
    "a fold and an unknown fold": plan(folds=["0", "8"]),
    "unknown systems": plan(systems=["Net"]),
    "an unknown test speaker": divide(HELD, test=("toy/9",), dev=("toy/1",)),
    "an unknown development speaker": divide(HELD, test=("toy/0",), dev=("toy/9",)),
    "one known and one unknown": divide(HELD, test=("toy/0", "0"), dev=("toy/1",)),
    "a name instead of names": divide(HELD, test="toy/0", dev=("toy/1",)),
    "no test speaker": divide(HELD, test=(), dev=("toy/1",)),
    "an unknown corpus to test": divide(
        "cross_corpus", BOTH, train="toy", test="Other"
    ),
    "the same corpus twice": divide("cross_corpus", BOTH, train="toy", test="toy"),
    "a fraction of 0": divide("label_fraction", fraction=0.0),
    "a fraction in percent": divide("label_fraction", fraction=20),
    "an unknown inner protocol": divide("each_corpus", protocol="loso"),
    "an exemption with other names": sides(exempt={("dev", "test", "speaker")}),
    "an exemption in another order": sides(exempt={("test", "dev", "speakers")}),
    "no exemption": sides(),
    "speech without digests": digests(""),
    "speech whose digests are unknown": digests(None),
    "label sets that name nothing": lambda folder: (
        lambda: corpora.labels.relabel(TABLE, {"Anger": "anger"})
    ),
    "options of an unused corpus": plan(corpus_options={"emo_db": {}}),
    "an unknown primary system": lambda folder: lambda: config(primary="Net"),
}
RIGHT = {
    "nothing is tuned": plan(),
    "tuned_on a speaker that is not tested": plan(tuned_on=("toy/0",), folds=["1"]),
    "tuned_on a speaker of unlabelled speech": plan(
        unlabelled=OTHER.assign(emotion=""), tuned_on=("other/1",)
    ),
    "a search, then the fold that it left out": tuned(TABLE, "3"),
    "a search, then another corpus": tuned(OTHER),
    "a search, then one fold of another corpus": tuned(OTHER, "1"),
    "a search, then the fold that it left out, renamed": tuned(RENAMED, "3"),
    "a search among speakers": search(speakers=[f"toy/{n}" for n in range(6)]),
    "a search after another one": search(fold="3", config={"tuned_on": ("toy/2",)}),
    "all systems by name": plan(systems=["net", "svm"]),
    "the exemption of a paper": sides(exempt={("dev", "test", "speakers")}),
    "a fraction of 1": divide("label_fraction", fraction=1),
}
