"""A search for the settings of one system, and all that decides what it finds."""

import dataclasses
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from keras_ser.audio import unusable
from keras_ser.audio.noise import fingerprint as noise_fingerprint
from keras_ser.audio.unusable import Unusable
from keras_ser.conditions import parse
from keras_ser.experiments import checks, variants
from keras_ser.experiments.config import Experiment
from keras_ser.experiments.job import Job, recorded_names
from keras_ser.experiments.lookup import SCRIPTS, is_classical, model_name
from keras_ser.protocols import leaks
from keras_ser.tuning import folds
from keras_ser.tuning import space as spaces
from keras_ser.tuning.folds import DIVISIONS, SearchSpeakers
from keras_ser.utils import files

ORACLES = ("random", "bayesian")
NAME = "search.json"
# Fields that change no trial, because a trial is one clean test of search speakers.
# The noise that a system trains under is described by its clips.
UNUSED_FIELDS = (
    *("repeats", "conditions", "noise", "published", "reference", "primary"),
    *("probes", "tuned_on", "tuned_audio"),
)


@dataclasses.dataclass(frozen=True)
class Search:
    """A search for the settings of one system, and all that decides what it finds.

    Args:
        config: The experiment, with this system only.
        system: Name of the system.
        search_speakers: The speakers that the search uses, and the folds that score
            its trials.
        space: Dimensions that the search may change, from `space.search_space`.
        out: Folder of all runs.
        oracle: `"random"` or `"bayesian"`.
        seed: Seed of the proposals.
        skipped: Utterances that are left out because their audio cannot be used.
        noise: Table of the noise that the system trains under, or None.
    """

    config: Experiment
    system: str
    search_speakers: SearchSpeakers
    space: Mapping
    out: Path
    oracle: str = "random"
    seed: int = 0
    skipped: tuple[Unusable, ...] = ()
    noise: pd.DataFrame | None = None

    @property
    def folder(self) -> Path:
        """`<out>/<experiment>_tune/<system>/<fold>`, or `…/speakers`."""
        name = self.search_speakers.name
        return self.out / f"{self.config.name}_tune" / self.system / name

    def jobs(self, number: int, values: Mapping) -> list[Job]:
        """The trainings of a trial, one per fold, with the same seeds in all trials.

        Args:
            number: Number of the trial.
            values: Settings by override path.
        """
        config = spaces.apply_values(self.config, self.system, values)
        config = dataclasses.replace(
            config,
            name=f"{config.name}_tune",
            repeats=1,
            conditions=("clean",),
            noise="" if self.noise is None else config.noise,
            published="",
            reference="",
            primary="",
            probes=(),
            tuned_on=(),
            tuned_audio=(),
        )
        out = self.folder / "trials" / str(number)
        return [
            Job(config, self.system, fold, 0, out, self.skipped, self.noise)
            for fold in self.search_speakers.folds
        ]

    def tuned_config(self, values: Mapping) -> Experiment:
        """The experiment with these values and the speech that it must not test.

        Args:
            values: Settings by override path.
        """
        config = spaces.apply_values(self.config, self.system, values)
        name, speakers = self.search_speakers.name, self.search_speakers.speakers
        suffix = "" if name == "speakers" else f"_{name}"
        return dataclasses.replace(
            config,
            name=f"{config.name}_tuned{suffix}",
            tuned_on=tuple(sorted({*config.tuned_on, *speakers})),
            tuned_audio=tuple(sorted({*config.tuned_audio, *self._audio()})),
        )

    def _audio(self) -> tuple[str, ...]:
        """What names the labelled speech of the search, see `leaks.audio_keys`."""
        sides = [
            table
            for fold in self.search_speakers.folds
            for table in (fold.train, fold.dev, *fold.tests.values())
        ]
        return leaks.audio_keys(pd.concat(sides))

    def describe(self) -> dict:
        """All that decides the trials, as JSON; their number does not."""
        config = dataclasses.asdict(self.config)
        for name in UNUSED_FIELDS:
            del config[name]
        if not config["heard_fraction"]:  # older searches stay valid
            del config["heard_fraction"]
        config["unlabelled_corpus"] = recorded_names(self.config.unlabelled_corpora)
        for system in config["systems"].values():
            system["model"] = model_name(system["model"])
            if system["unlabelled_speakers"] is None:
                del system["unlabelled_speakers"]
        description = {
            **config,
            "system": self.system,
            "space": {path: str(each) for path, each in self.space.items()},
            "oracle": self.oracle,
            "seed_of_proposals": self.seed,
            "search_speakers": self.search_speakers.speakers,
            "data": [fold.fingerprints() for fold in self.search_speakers.folds],
            **noise_fingerprint(self.noise),
        }
        return json.loads(json.dumps(description))  # tuples become lists


def plan_search(
    config: Experiment,
    tables: tuple[pd.DataFrame, pd.DataFrame | None],
    out: str | Path,
    system: str = "",
    fold: str = "",
    speakers: Iterable[str] = (),
    space: Mapping | Iterable = (),
    oracle: str = "random",
    seed: int = 0,
    divisions: int = DIVISIONS,
    bad: Iterable[Unusable] = (),
    noise: pd.DataFrame | None = None,
) -> Search:
    """A search inside a fold, or among speakers who are then never tested.

    Args:
        config: The experiment.
        tables: Labelled and unlabelled utterances, from `inputs.read_tables`.
        out: Folder of all runs.
        system: Name of the system; not needed if the experiment has one network only.
        fold: Name of the fold to search inside; see `folds.inside_fold`.
        speakers: Names of the speakers to search among; see `folds.among_speakers`.
            Give either these or `fold`.
        space: Changes to the default space; see `space.search_space`.
        oracle: `"random"` or `"bayesian"`.
        seed: Seed of the proposals, 0 or more.
        divisions: Number of groups that the search speakers are divided into. A trial
            is one training per group.
        bad: Utterances to leave out.
        noise: Table of the experiment's noise corpus, which a system needs that trains
            under noise.

    Raises:
        ValueError: If a name or path is unknown, if there are too few speakers, or if
            search speakers would be tested later.
    """
    system, speakers = _choose_system(config, system), tuple(speakers)
    _check_choices(fold, speakers, oracle, seed)
    config = variants.restricted(config, [system])
    checks.check(config)
    _check_importable(config.systems[system].model)
    bad = tuple(bad)
    tables = [
        each if each is None else unusable.leave_out(each, bad) for each in tables
    ]
    if fold:
        used = folds.inside_fold(config, *tables, fold, divisions)
    else:
        used = folds.among_speakers(config, *tables, speakers, divisions)
    files.safe_name(f"Fold {used.name!r}", used.name)
    made = spaces.search_space(config, system, space)
    conditions = map(parse, config.systems[system].train_conditions)
    noise = noise if any(each.mixes_noise for each in conditions) else None
    search = Search(config, system, used, made, Path(out), oracle, seed, bad, noise)
    search.tuned_config({})  # rejects a name that is too long
    return search


def _check_choices(fold: str, speakers: tuple, oracle: str, seed: int) -> None:
    if bool(fold) == bool(speakers):
        raise ValueError(
            "A search runs either inside a fold or among speakers who are then never "
            f"tested. Received: fold={fold!r} and {len(speakers)} speakers. Give "
            "either `fold` (--fold) or `speakers` (--speakers)."
        )
    if oracle not in ORACLES:
        raise ValueError(f"`oracle` must be one of {ORACLES}. Received: {oracle!r}.")
    if type(seed) is not int or seed < 0:
        raise ValueError(f"`seed` must be an integer of 0 or more. Received: {seed!r}.")


def _choose_system(config: Experiment, name: str) -> str:
    """The name of the system, if it is a network."""
    known = [
        name for name, each in config.systems.items() if not is_classical(each.model)
    ]
    if not name and len(known) == 1:
        return known[0]
    if name not in known:
        raise ValueError(
            f"A search needs one network of experiment `{config.name}`, one of "
            f"{known}. Received: {name!r}. Name it with `system` (--system)."
        )
    return name


def _check_importable(model: str | type) -> None:
    """Checks that the config that a search writes can import the model."""
    if isinstance(model, type) and model.__module__ in SCRIPTS:
        raise ValueError(
            "A search writes a config file, which must be able to import the model. "
            f"Received: `{model.__qualname__}`, a class in a script or a config file. "
            "Move the class to a module."
        )
