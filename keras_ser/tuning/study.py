"""A search for settings of one system: trials, each in run folders of its own."""

import dataclasses
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from keras_ser.audio import unusable
from keras_ser.audio.unusable import Unusable
from keras_ser.experiments import checks, experiment, variants
from keras_ser.experiments.config import Experiment
from keras_ser.experiments.job import Job
from keras_ser.tuning import config_file, folds, report, trials
from keras_ser.tuning import space as spaces
from keras_ser.tuning.folds import DIVISIONS, Heard
from keras_ser.utils import files, locks

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


def run(
    search: Search,
    cache,
    count: int,
    workers: int = 1,
    threads: int | None = None,
    progress: bool = True,
    source: str = "",
    command: str = "",
) -> Path:
    """Runs the trials that are not done yet and writes the best settings as a config.

    Trial 0 is the settings as they stand; KerasTuner proposes the others. A search
    that was interrupted goes on at the trial, and in it at the last complete epoch,
    and ends with the same `trials.csv`, but for the seconds, and the same config. With
    a larger `count` it goes on beyond its end.

    Args:
        search: from `plan`.
        cache: folder of the feature store.
        count: proposals.
        workers: processes, each with one training of a trial.
        threads: CPU threads a process.
        progress: whether to show what goes on.
        source, command: what was searched for and how, for the config's docstring.

    Raises:
        ValueError: the folder is that of another search, or a process is at work in
            it.
        RuntimeError: no trial's loss stayed finite.

    Returns:
        The config file.
    """
    folder = search.folder
    _refuse_other(search)
    with locks.held(folder.with_name(f"{folder.name}.lock"), folder):
        files.write_json(folder / NAME, search.describe())
        outcomes = []

        def score(number: int, proposed: dict) -> float:
            outcome = _outcome(
                search, number, proposed, cache, workers, threads, progress
            )
            outcomes.append(outcome)
            trials.write(folder, outcomes)
            if progress:
                print(report.line(search, outcome, count))
            return outcome.uar

        score(0, {})
        _propose(search, count, score)
        found = trials.best(outcomes)
        config = search.tuned(found.values if found.number else {})
        path = folder / f"{config.name}.py"
        text = report.docstring(search, outcomes, found, path, source, command)
        return config_file.write(path, config, text)


def _propose(search: Search, count: int, score) -> None:
    from keras_ser.tuning import oracles

    def remembered(number: int) -> dict | None:
        record = _record(search, number)
        return files.read_object(record)["proposed"] if record.exists() else None

    oracle = oracles.oracle(search.oracle, search.space, count, search.seed, remembered)
    oracles.Tuner(oracle, score, search.folder).run()


def _record(search: Search, number: int) -> Path:
    return search.folder / "trials" / str(number) / "trial.json"


def _outcome(
    search, number, proposed, cache, workers, threads, progress
) -> trials.Outcome:
    """A trial's, run as far as it was not; its proposal is written down before."""
    values = {path: search.space[path].value(proposed[path]) for path in proposed}
    jobs, record = search.jobs(number, values), _record(search, number)
    known = files.read_object(record) if record.exists() else {"proposed": proposed}
    values = values if number else _standing(search)
    if known.get("diverged"):
        return trials.without(number, values, jobs)
    files.write_json(record, known)
    try:
        experiment.run(jobs, cache, workers, threads, progress)
    except RuntimeError as error:
        if not trials.diverged(jobs):  # an `engine.TasksFailed`, say
            raise
        files.write_json(record, {**known, "diverged": str(error)})
        return trials.without(number, values, jobs)
    return trials.read(number, values, jobs)


def _standing(search: Search) -> dict:
    """The values as they stand; nothing where the model's own default does."""
    return {path: _at(search.config, path.split(".")) for path in search.space}


def _at(node, path: list[str]):
    for name in path:
        if dataclasses.is_dataclass(node):
            node = getattr(node, name)
        else:
            node = node.get(name, "") if isinstance(node, Mapping) else ""
    return node


def _refuse_other(search: Search) -> None:
    path = search.folder / NAME
    if not path.exists():
        return
    expected, found = search.describe(), files.read_object(path)
    if found == expected:
        return
    keys = {*expected, *found}
    differing = sorted(key for key in keys if found.get(key) != expected.get(key))
    raise ValueError(
        f"{search.folder} holds a search with other settings of {differing}. Finish "
        "it with those, or delete it, or give another --out."
    )
