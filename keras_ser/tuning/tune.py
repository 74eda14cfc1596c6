"""Runs a search: one trial after another, each in run folders of its own."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from keras_ser import backend
from keras_ser.experiments import experiment, inputs, variants
from keras_ser.experiments.config import Experiment
from keras_ser.experiments.extraction import prepare
from keras_ser.tuning import config_file, report, trials
from keras_ser.tuning import space as spaces
from keras_ser.tuning.folds import DIVISIONS
from keras_ser.tuning.study import NAME, Search, plan_search
from keras_ser.utils import files, locks
from keras_ser.utils.choices import check_positive
from keras_ser.utils.lists import as_list


def search(
    config: Experiment | str | Path,
    *,
    corpora: Mapping[str, str | Path] | None = None,
    system: str = "",
    fold: str = "",
    speakers: str | Iterable[str] = (),
    space: Mapping | str | Iterable = (),
    trials: int = 20,
    divisions: int = DIVISIONS,
    oracle: str = "random",
    seed: int = 0,
    overrides: str | Iterable[str] = (),
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
    among speakers who are then never tested. An interrupted search resumes. If
    `trials` is increased, a finished search continues.

    Args:
        config: An `Experiment`, or the path of a Python file that defines one as
            `config`.
        corpora: The folder of each corpus; see `experiments.run`.
        system: Name of the network; not needed if there is only one.
        fold: Name of the fold of the experiment's protocol to search inside.
        speakers: Names of the speakers to search among. Give either these or `fold`.
        space: Changes to the default space: a mapping from paths in the config to
            `Range` or `Choice`, or a list of texts such as
            `"training.learning_rate=1e-4:1e-2:log"`.
        trials: Number of proposals. Trial 0, which has the unchanged settings, comes
            on top.
        divisions: Number of groups that the speakers are divided into. A trial is one
            training per group.
        oracle: `"random"` or `"bayesian"`.
        seed: Seed of the proposals, 0 or more.
        overrides, preset, skip_bad, out, cache, workers, threads: As for
            `experiments.run`.
        progress: Whether to print each trial and show progress bars.
        command: Command line to name in the config that is written.

    Returns:
        The path of the config. `trials.csv` is next to it.

    Raises:
        ValueError: If a name or path is unknown, if `trials` or `divisions` is no
            positive integer, if there are too few speakers, if search speakers would be
            tested, or if the folder holds another search.
        UnusableAudio: If audio cannot be used, unless `skip_bad`.
        RuntimeError: If no trial kept a finite loss.

    Example:

    >>> search("configs/mtl_aug/emodb.py", system="mtl_aug", fold="03")
    PosixPath('runs/emodb_four_tune/mtl_aug/03/emodb_four_tuned_03.py')
    """
    check_positive(trials=trials, divisions=divisions)
    backend.set_tensorflow_defaults()
    for each in (out, cache):
        files.writable_folder(each)
    source = "" if isinstance(config, Experiment) else str(config)
    corpora = corpora or {}
    config = experiment.load(config, corpora, overrides, preset)
    config = variants.restricted(config, [system] if system else [])
    tables = inputs.read_tables(config, corpora, cache, skip_bad)
    if not isinstance(space, Mapping):
        space = [_dimension(each) for each in as_list(space)]
    options = {"system": system, "fold": fold, "speakers": tuple(as_list(speakers))}
    options |= {"space": space, "oracle": oracle, "seed": seed}
    noise = inputs.read_noise(config, corpora, cache)
    options |= {"divisions": divisions, "noise": noise}
    planned = plan_search(config, tables, out, **options)
    if skip_bad:
        bad = []
        prepare(planned.jobs(0, {}), cache, workers, progress, bad)
        planned = plan_search(config, tables, out, bad=bad, **options)
    return run_trials(
        planned, cache, trials, workers, threads, progress, source, command
    )


def _dimension(given):
    """A dimension of the space, which may be given as text."""
    return spaces.parse_dimension(given) if isinstance(given, str) else given


def run_trials(
    search: Search,
    cache: str | Path,
    count: int,
    workers: int = 1,
    threads: int | None = None,
    progress: bool = True,
    source: str = "",
    command: str = "",
) -> Path:
    """Runs the trials that are not finished and writes the best settings as a config.

    Trial 0 has the unchanged settings; KerasTuner proposes those of the others. A
    trial whose settings an earlier one had is not trained, and has its score. An
    interrupted search resumes at the last complete epoch of the trial that was
    interrupted. Its config and `trials.csv` are the same as without the interruption,
    except for the seconds. With a larger `count`, a finished search continues.

    Args:
        search: From `plan_search`.
        cache: Folder of the feature store.
        count: Number of proposals.
        workers: Number of processes; each runs one training of a trial at a time.
        threads: CPU threads per process.
        progress: Whether to print each trial and show progress bars.
        source: Path of the config that the search starts from, for the docstring of
            the new config.
        command: Command line of the search, for the same docstring.

    Returns:
        The path of the config.

    Raises:
        ValueError: If `count` is not a positive integer, if the folder holds another
            search, or if another process uses it.
        RuntimeError: If no trial's loss stayed finite.
    """
    check_positive(count=count)  # KerasTuner takes 0 for no limit
    folder = search.folder
    _check_same_search(search)
    with locks.held(folder.with_name(f"{folder.name}.lock"), folder):
        files.write_json(folder / NAME, search.describe())
        outcomes = []

        def score(number: int, proposed: dict) -> float:
            outcome = _run_trial(
                search, number, proposed, outcomes, cache, workers, threads, progress
            )
            outcomes.append(outcome)
            trials.write(folder, outcomes)
            if progress:
                print(report.trial_line(outcome, count))
            return outcome.uar

        score(0, {})
        _run_proposals(search, count, score)
        found = trials.best(outcomes)
        config = search.tuned_config(found.values if found.number else {})
        path = folder / f"{config.name}.py"
        text = report.config_docstring(search, outcomes, found, path, source, command)
        return config_file.write(path, config, text)


def _run_proposals(
    search: Search, count: int, score: Callable[[int, dict], float]
) -> None:
    from keras_ser.tuning import oracles

    def recorded(number: int) -> dict | None:
        path = _record_path(search, number)
        return files.read_object(path)["proposed"] if path.exists() else None

    oracle = oracles.create_oracle(
        search.oracle, search.space, count, search.seed, recorded
    )
    oracles.Tuner(oracle, score, search.folder).run()


def _record_path(search: Search, number: int) -> Path:
    return search.folder / "trials" / str(number) / "trial.json"


def _run_trial(
    search, number, proposed, outcomes, cache, workers, threads, progress
) -> trials.Outcome:
    """Runs what is left of a trial; its proposal is recorded before.

    With the settings of an earlier trial, its outcome would be that one's, because the
    seeds are the same. Nothing is trained then.
    """
    values = {
        path: dimension.value(proposed[path])
        for path, dimension in search.space.items()
        if path in proposed
    }
    jobs, path = search.jobs(number, values), _record_path(search, number)
    record = files.read_object(path) if path.exists() else {"proposed": proposed}
    values = values if number else _unchanged_values(search)
    if record.get("diverged"):
        return trials.diverged_outcome(number, values, jobs)
    files.write_json(path, record)
    for earlier in outcomes:
        if earlier.values == values:
            return dataclasses.replace(earlier, number=number, seconds=0.0, again=True)
    try:
        experiment.run_jobs(jobs, cache, workers, threads, progress)
    except RuntimeError as error:
        if not trials.all_diverged(jobs):  # such as `utils.parallel.CallsFailed`
            raise
        files.write_json(path, {**record, "diverged": str(error)})
        return trials.diverged_outcome(number, values, jobs)
    return trials.read_outcome(number, values, jobs)


def _unchanged_values(search: Search) -> dict:
    """The values of trial 0; empty where the config leaves the model's default."""
    return {path: _value_at(search.config, path.split(".")) for path in search.space}


def _value_at(node, path: list[str]):
    for name in path:
        if dataclasses.is_dataclass(node):
            node = getattr(node, name)
        else:
            node = node.get(name, "") if isinstance(node, Mapping) else ""
    return node


def _check_same_search(search: Search) -> None:
    path = search.folder / NAME
    if not path.exists():
        return
    expected, found = search.describe(), files.read_object(path)
    if found == expected:
        return
    keys = {*expected, *found}
    differing = sorted(key for key in keys if found.get(key) != expected.get(key))
    raise ValueError(
        f"The folder of a search must not hold a different one. Received: "
        f"{search.folder}, whose search differs in {differing}. Finish that search "
        "with its own settings, delete the folder, or choose another `out` (--out)."
    )
