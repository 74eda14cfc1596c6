"""Searching: trials one after the other, each in run folders of its own."""

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path

from keras_ser import backend
from keras_ser.experiments import experiment, inputs, variants
from keras_ser.experiments.config import Experiment
from keras_ser.experiments.extraction import prepare
from keras_ser.tuning import config_file, report, trials
from keras_ser.tuning import space as spaces
from keras_ser.tuning.folds import DIVISIONS
from keras_ser.tuning.study import NAME, Search, plan
from keras_ser.utils import files, locks


def search(
    config: Experiment | str | Path,
    *,
    corpora: Mapping[str, str | Path] | None = None,
    system: str = "",
    fold: str = "",
    speakers: Iterable[str] = (),
    space: Mapping | Iterable = (),
    trials: int = 20,
    divisions: int = DIVISIONS,
    oracle: str = "random",
    seed: int = 0,
    overrides: Iterable[str] = (),
    preset: str = "",
    skip_bad: bool = False,
    out: str | Path = "runs",
    cache: str | Path = "cache",
    workers: int = 1,
    threads: int | None = None,
    progress: bool = True,
    command: str = "",
) -> Path:
    """Searches for settings of one network and writes the best ones as a config.

    This is `keras-ser tune`, with the same options. The search runs inside a fold, or
    among speakers who are then never tested. An interrupted search resumes; with more
    `trials` it continues beyond its end.

    Args:
        config: an `Experiment`, or the path of a Python file that defines one as
            `config`.
        corpora: the folder of each corpus; see `experiments.run`.
        system: name of the network; not needed if there is only one.
        fold: the fold of the experiment's protocol to search inside.
        speakers: the speakers to search among. Give either these or `fold`.
        space: changes to the default space, a mapping from paths in the config to
            `Range` or `Choice`, or texts such as
            `"training.learning_rate=1e-4:1e-2:log"`.
        trials: proposals. Trial 0, the settings as they are, comes on top.
        divisions: how many times the speakers are divided; a trial is that many
            trainings.
        oracle: `"random"` or `"bayesian"`.
        seed: of the proposals, 0 or more.
        overrides, preset, skip_bad, out, cache, workers, threads: as for
            `experiments.run`.
        progress: whether to print each trial and show progress bars.
        command: the command line to name in the config that is written.

    Returns:
        The config file. `trials.csv` is next to it.

    Raises:
        ValueError: bad input: an unknown name or path, too few speakers, speakers who
            would be searched on and tested, or a folder that holds another search.
        UnusableAudio: audio that cannot be used, unless `skip_bad`.
        RuntimeError: no trial kept a finite loss.

    Example:

    >>> search("configs/mtl_aug/emodb.py", system="mtl_aug", fold="03")
    PosixPath('runs/emodb_four_tune/mtl_aug/03/emodb_four_tuned_03.py')
    """
    backend.set_tensorflow_defaults()
    for each in (out, cache):
        files.writable_folder(each)
    source = "" if isinstance(config, Experiment) else str(config)
    roots = {name: str(root) for name, root in (corpora or {}).items()}
    config = experiment.load(config, roots, overrides, preset)
    config = variants.restricted(config, [system] if system else [])
    tables = inputs.read_tables(config, roots, cache, skip_bad)
    changes = space if isinstance(space, Mapping) else [_dimension(s) for s in space]
    options = {"system": system, "fold": fold, "speakers": tuple(speakers)}
    options |= {"space": changes, "oracle": oracle, "seed": seed}
    planned = plan(config, tables, out, divisions=divisions, **options)
    if skip_bad:
        bad = []
        prepare(planned.jobs(0, {}), cache, workers, bad=bad)
        planned = plan(config, tables, out, divisions=divisions, bad=bad, **options)
    return run(planned, cache, trials, workers, threads, progress, source, command)


def _dimension(given):
    """A dimension of the space that may be given as text."""
    return spaces.parse(given) if isinstance(given, str) else given


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
        experiment.run_jobs(jobs, cache, workers, threads, progress)
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
