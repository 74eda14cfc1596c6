"""A search for settings of one system: trials, each in run folders of its own."""

import dataclasses
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from keras_ser.audio import unusable
from keras_ser.audio.unusable import Unusable
from keras_ser.experiments import checks, variants
from keras_ser.experiments.config import Experiment
from keras_ser.experiments.job import Job
from keras_ser.tuning import folds
from keras_ser.tuning import space as spaces
from keras_ser.tuning.folds import DIVISIONS, Heard
from keras_ser.utils import files

ORACLES = ("random", "bayesian")
NAME = "search.json"
# What changes no trial: tests are clean, once, on speakers that the search hears.
NOT_OF_TRIALS = ("repeats", "conditions", "noise", "published", "against", "tuned_on")


@dataclasses.dataclass(frozen=True)
class Search:
    """A search, and all that decides what it finds.

    Args:
        config: the experiment, of one system.
        system: its name.
        heard: whom the search hears, and the folds that score a trial.
        space: what it may change, from `space.of`.
        out: folder of all runs.
        oracle: `random` or `bayesian`.
        seed: of the proposals.
        skipped: utterances that it goes without.
    """

    config: Experiment
    system: str
    heard: Heard
    space: Mapping
    out: Path
    oracle: str = "random"
    seed: int = 0
    skipped: tuple[Unusable, ...] = ()

    @property
    def folder(self) -> Path:
        """`<out>/<experiment>_tune/<system>/<fold>`, or `…/speakers`."""
        return self.out / f"{self.config.name}_tune" / self.system / self.heard.name

    def jobs(self, number: int, values: Mapping) -> list[Job]:
        """The trainings of a trial, one a division; their seeds are every trial's."""
        config = spaces.applied(self.config, self.system, values)
        config = dataclasses.replace(
            config,
            name=f"{config.name}_tune",
            repeats=1,
            conditions=("clean",),
            noise="",
            published="",
            against="",
            tuned_on=(),
        )
        out = self.folder / "trials" / str(number)
        return [
            Job(config, self.system, fold, 0, out, self.skipped)
            for fold in self.heard.folds
        ]

    def tuned(self, values: Mapping) -> Experiment:
        """The experiment with these values, which says whom it must not test."""
        config = spaces.applied(self.config, self.system, values)
        inside = "" if self.heard.name == "speakers" else f"_{self.heard.name}"
        return dataclasses.replace(
            config,
            name=f"{config.name}_tuned{inside}",
            tuned_on=tuple(sorted({*config.tuned_on, *self.heard.speakers})),
        )

    def describe(self) -> dict:
        """All that decides the trials, as JSON; how many there are does not."""
        config = dataclasses.asdict(self.config)
        for name in NOT_OF_TRIALS:
            del config[name]
        told = {
            **config,
            "system": self.system,
            "space": {path: str(each) for path, each in self.space.items()},
            "oracle": self.oracle,
            "seed_of_proposals": self.seed,
            "heard": self.heard.speakers,
            "data": [fold.fingerprints() for fold in self.heard.folds],
        }
        return json.loads(json.dumps(told))  # tuples become lists


def plan(
    config: Experiment,
    tables: tuple[pd.DataFrame, pd.DataFrame | None],
    out,
    system: str = "",
    fold: str = "",
    speakers: Iterable[str] = (),
    space: Mapping | Iterable = (),
    oracle: str = "random",
    seed: int = 0,
    divisions: int = DIVISIONS,
    bad: Iterable[Unusable] = (),
) -> Search:
    """A search inside a fold, or among speakers who are then never tested.

    Args:
        config: the experiment.
        tables: from `inputs.read_tables`.
        out: folder of all runs.
        system: its name; not needed if there is one only.
        fold: inside of which fold of the experiment's protocol; see
            `heard.inside_fold`.
        speakers: among which speakers; see `heard.among_speakers`. Either these or
            `fold`.
        space: changes to the default space; see `space.of`.
        oracle: `random` or `bayesian`.
        seed: of the proposals, 0 or more.
        divisions: how often the heard speakers are divided; a trial is as many
            trainings.
        bad: utterances to go without.

    Raises:
        ValueError: an unknown name or path, or speakers that are too few, or heard
            by the search and tested later.
    """
    system, speakers = _one_system(config, system), tuple(speakers)
    _check_choices(fold, speakers, oracle, seed)
    config = variants.restricted(config, [system])
    checks.check(config)
    bad = tuple(bad)
    tables = [
        each if each is None else unusable.leave_out(each, bad) for each in tables
    ]
    if fold:
        who = folds.inside_fold(config, *tables, fold, divisions)
    else:
        who = folds.among_speakers(config, *tables, speakers, divisions)
    files.safe_name(f"Fold {who.name!r}", who.name)
    made = spaces.of(config, system, space)
    search = Search(config, system, who, made, Path(out), oracle, seed, bad)
    search.tuned({})  # its name may be too long
    return search


def _check_choices(fold: str, speakers: tuple, oracle: str, seed: int) -> None:
    if bool(fold) == bool(speakers):
        raise ValueError(
            "A search goes on inside a fold, or among speakers who are then never "
            f"tested. Received: fold={fold!r}, speakers={list(speakers)}. Give one."
        )
    if oracle not in ORACLES:
        raise ValueError(f"Oracle must be one of {ORACLES}. Received: {oracle!r}.")
    if type(seed) is not int or seed < 0:
        raise ValueError(
            f"`seed` must be a whole number, 0 or more. Received: {seed!r}."
        )


def _one_system(config: Experiment, name: str) -> str:
    """The system's name, if it is a network."""
    from keras_ser.classical import CLASSICAL

    known = [
        name for name, each in config.systems.items() if each.model not in CLASSICAL
    ]
    if not name and len(known) == 1:
        return known[0]
    if name not in known:
        raise ValueError(
            f"A search is for one system of experiment `{config.name}`, a network: one "
            f"of {known}. Received: {name!r}. Give --system."
        )
    return name
