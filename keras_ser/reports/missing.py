"""Which folds and repeats of an experiment no system has been run on."""

from collections.abc import Iterable

from keras_ser.reports.reading import Run
from keras_ser.reports.run_files import invalid_file
from keras_ser.reports.text import counted, job_key, sort_names

KEY = "folds"  # of metrics.json: the names of all folds of the protocol
MAX_JOBS = 12  # that a text names


def missing_texts(runs: Iterable[Run]) -> list[str]:
    """A warning for each experiment that lacks folds, or folds of some repeat.

    What one system lacks and another one has is said below the main table. Runs of
    versions that did not record the folds of the protocol lack none that no run has.

    Args:
        runs: From `reading.read_runs`.

    Raises:
        FileNotFoundError: If a metrics.json is missing.
        ValueError: If a metrics.json holds no names of folds where they belong.
    """
    by_experiment: dict[str, list[Run]] = {}
    for run in runs:
        by_experiment.setdefault(run.experiment, []).append(run)
    return [
        text
        for experiment in sort_names(by_experiment)
        for text in _missing(experiment, by_experiment[experiment])
    ]


def _missing(experiment: str, runs: list[Run]) -> list[str]:
    seen = {(run.fold, run.repeat) for run in runs}
    tested, repeats = {fold for fold, _ in seen}, {repeat for _, repeat in seen}
    known = tested.union(*map(_folds, runs))
    texts = []
    untested = sort_names(known - tested)
    if untested:
        texts.append(
            f"WARNING: {experiment} is not complete. The scores are about "
            f"{len(tested)} of {counted(len(known), 'fold')}. No system has been run "
            f"on {'fold' if len(untested) == 1 else 'the folds'} {_list(untested)}."
        )
    absent = {(f, r) for f in tested for r in range(max(repeats) + 1)} - seen
    if absent:
        named = [f"fold {f} repeat {r}" for f, r in sorted(absent, key=job_key)]
        texts.append(
            f"WARNING: {experiment} is not complete. No system has {_list(named)}. The "
            "utterances of other folds count more often in scores over all repeats."
        )
    return texts


def _folds(run: Run) -> set[str]:
    """The names of all folds that a run recorded."""
    names = run.metrics.get(KEY, [])
    if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
        expected = f"`{KEY}` with a list of names"
        raise invalid_file(run.folder / "metrics.json", expected, repr(names)[:80])
    return set(names)


def _list(names: list[str]) -> str:
    more = len(names) - MAX_JOBS
    end = f" and {more} more" if more > 0 else ""
    return f"{', '.join(names[:MAX_JOBS])}{end}"
