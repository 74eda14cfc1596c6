"""Finished runs packed into one archive per experiment."""

from pathlib import Path

from keras_ser.reports import archives
from keras_ser.reports.reading import Paths, Run, read_runs
from keras_ser.reports.run_files import read_metrics
from keras_ser.utils import files


def pack(runs: Paths, out: str | Path, replace: bool = False) -> list[Path]:
    """Writes one archive per experiment, which is read like the folder of its runs.

    An archive holds the settings, predictions, scores, histories and environments of
    the runs, their probes and the projections of their embeddings, without their
    models and logs. The same runs give the same bytes. An archive with the same content
    is left as it is.

    Args:
        runs: Folders of runs, or archives; see `reports.read`. All are read and
            checked before anything is written.
        out: Folder to write to.
        replace: Whether archives with other content are replaced.

    Returns:
        The archives, `<out>/<experiment>.zip`.

    Raises:
        FileNotFoundError: As `reports.read`, and if a metrics.json is missing.
        ValueError: As `reports.read`, or if `out` holds an archive of the same name
            with other content.

    Example:

    >>> pack("runs/emodb_four", "results")
    [PosixPath('results/emodb_four.zip')]
    """
    by_experiment: dict[str, list[Run]] = {}
    for run in read_runs(runs):
        read_metrics(run.folder)  # no run without them is packed
        by_experiment.setdefault(run.experiment, []).append(run)
    written = []
    for experiment, own in by_experiment.items():
        name = files.safe_name("The name of an experiment", experiment)
        written.append(Path(out, f"{name}{archives.SUFFIX}"))
        members = [(_name(run), run.folder) for run in own]
        archives.write_archive(written[-1], members, replace)
    return written


def _name(run: Run) -> str:
    """The folder of a run in its archive."""
    parts = run.system, f"{run.fold}-{run.repeat}"
    return "/".join(files.safe_name("A part of a run's name", part) for part in parts)
