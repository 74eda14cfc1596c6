"""Experiments from a config to a report: all that `keras-ser run` can do."""

import dataclasses
import datetime
import functools
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from keras_ser import backend
from keras_ser.audio import unusable
from keras_ser.audio.unusable import Unusable
from keras_ser.experiments import config as configs
from keras_ser.experiments import inputs, variants
from keras_ser.experiments.config import Experiment
from keras_ser.experiments.extraction import check_same_sound, prepare
from keras_ser.experiments.job import Job
from keras_ser.experiments.plan import clear, plan_jobs, status
from keras_ser.experiments.run_folder import refuse_held, refuse_other
from keras_ser.experiments.runner import run_job
from keras_ser.utils import files, parallel

MAX_SMOKE_WORKERS = 2


def run(
    config: Experiment | str | Path,
    *,
    corpora: Mapping[str, str | Path] | None = None,
    systems: Iterable[str] = (),
    folds: Iterable[str] = (),
    overrides: Iterable[str] = (),
    preset: str = "",
    repeats: int | None = None,
    smoke: bool = False,
    skip_bad: bool = False,
    out: str | Path = "runs",
    cache: str | Path = "cache",
    workers: int = 1,
    threads: int | None = None,
    devices: int = 1,
    cluster: str = "",
    monitor: bool = False,
    progress: bool = True,
) -> Path:
    """Runs an experiment and writes its report.

    This is `keras-ser run`, with the same options. Finished runs are kept and not
    computed again. Interrupted ones resume from their last complete epoch.

    Args:
        config: an `Experiment`, or the path of a Python file that defines one as
            `config`.
        corpora: the folder of each corpus. Corpora that are not named are sought at
            `$KERAS_SER_CORPORA/<name>`. Corpora that the config does not know take
            the places of its own, in their order.
        systems: names of the systems to run; default, all of the config.
        folds: names of the folds to run; default, all of the protocol.
        overrides: other values in the config, such as `"training.epochs=5"`.
        preset: sizes of networks and schedule, `"small"` or `"paper"`, in place of
            those that the config names.
        repeats: repeats of each fold, in place of the config's.
        smoke: whether to run one fold for two epochs on a little synthetic speech, to
            see that everything runs. An earlier smoke run is removed first.
        skip_bad: whether to leave out audio that cannot be used and list it in
            `skipped.csv`, instead of stopping before anything trains.
        out: folder of all runs.
        cache: folder of features and of generated speech.
        workers: processes; each trains one job at a time.
        threads: CPU threads per process; default, an equal share of the processors
            for each of several workers.
        devices: devices that share each batch; needs the Keras backend JAX.
        cluster: address of a Dask cluster to train on, `"dask://host:8786"`, in place
            of `workers`.
        monitor: whether TensorBoard shows pictures, speech and gradients, too.
        progress: whether to print the status and show progress bars.

    Returns:
        The folder of the experiment, `<out>/<name>`. Its report is in `report/`.

    Raises:
        ValueError: bad input: an unknown name or value, a corpus without a folder, a
            split that shares a speaker or a recording, or a run folder with other
            settings. Nothing has been trained then.
        UnusableAudio: audio that cannot be used, unless `skip_bad`.
        TasksFailed: several runs failed; if a single one did, its own error. All
            others are finished and in the report.

    Example:

    >>> run("configs/mtl_aug/emodb.py", corpora={"emodb": "/data/emodb"}, workers=2)
    PosixPath('runs/emodb_four')
    """
    backend.set_tensorflow_defaults()
    for each in (out, cache):
        files.writable_folder(each)
    roots = {name: str(root) for name, root in (corpora or {}).items()}
    config = load(config, roots, overrides, preset)
    if smoke:
        config = variants.smoke(config)
    if repeats is not None:
        config = dataclasses.replace(config, repeats=repeats)
    config = variants.restricted(config, systems)
    planned = _plan(config, roots, folds, smoke, skip_bad, Path(out), cache, workers)
    folder = Path(out) / config.name
    if smoke:  # an earlier run that is finished would show nothing
        clear(folder)
    if progress:
        print(f"{config.name}: {len(planned)} runs below {out}: {status(planned)}")
    todo = [job.folder for job in planned if not job.folder.exists()]
    if smoke and devices == 1:  # most of its time is spent in Python
        workers = max(workers, min(MAX_SMOKE_WORKERS, parallel.cpu_count(), len(todo)))
    options = {"devices": devices, "monitor": monitor, "cluster": cluster}
    try:
        run_jobs(planned, cache, workers, threads, progress, **options)
    except Exception as error:  # one that failed; the others are done
        if any(each.exists() for each in todo):
            _note_report(error, folder)
        raise
    write_report(folder)
    return folder


def prepare_features(
    config: Experiment | str | Path,
    *,
    corpora: Mapping[str, str | Path] | None = None,
    overrides: Iterable[str] = (),
    skip_bad: bool = False,
    cache: str | Path = "cache",
    workers: int = 1,
) -> tuple[int, list[Unusable]]:
    """Fills the feature cache with all that an experiment reads.

    Args:
        config, corpora, overrides, skip_bad, cache: as for `run`.
        workers: processes.

    Returns:
        How many entries were extracted, and the utterances that cannot be used, which
        are listed in `skipped.csv` in the cache. Without `skip_bad` these are an
        error.

    Raises:
        ValueError: as `run`.
        UnusableAudio: audio that cannot be used, unless `skip_bad`.
    """
    files.writable_folder(cache)
    roots = {name: str(root) for name, root in (corpora or {}).items()}
    config = load(config, roots, overrides)
    tables = inputs.read_tables(config, roots, cache, skip_bad)
    planned = plan_jobs(config, *tables, "runs")
    bad = [] if skip_bad else None
    count = prepare(planned, cache, workers, bad=bad)
    if bad:
        unusable.write(Path(cache) / unusable.NAME, bad)
    return count, bad or []


def load(
    config: Experiment | str | Path,
    roots: Mapping[str, str],
    overrides: Iterable[str] = (),
    preset: str = "",
) -> Experiment:
    """The experiment with its overrides, on the corpora given, at a preset.

    Args:
        config, overrides, preset: as for `run`.
        roots: the folder of each corpus.

    Raises:
        ValueError: as `run`.
    """
    if not isinstance(config, Experiment):
        config = configs.load_config(config)
    for text in overrides:
        config = configs.override(config, text)
    config = variants.on_corpora(config, roots)
    return variants.at_preset(config, preset) if preset else config


def write_report(folder: Path) -> list[Path]:
    """Writes the report of an experiment's runs to `report/` in its folder.

    Raises:
        RuntimeError: a speaker is on two sides of a fold. The report is written.
    """
    from keras_ser import reports

    written = reports.write([folder], folder / "report")
    reports.check_speakers([folder])
    return written


def _plan(
    config: Experiment, roots, folds, smoke: bool, skip_bad: bool, out, cache, workers
) -> list[Job]:
    """The jobs of a run; with `skip_bad`, on folds without what cannot be used."""
    noise = inputs.read_noise(config, roots, cache)
    tables = inputs.read_tables(config, roots, cache, skip_bad)
    options = {"folds": folds, "noise": noise, "first_fold_only": smoke and not folds}
    planned = plan_jobs(config, *tables, out, **options)
    if not skip_bad:
        return planned
    bad = []
    prepare(planned, cache, workers, bad=bad)
    if not bad:
        return planned
    left = inputs.leave_out(tables, bad)
    with inputs.noting_losses(tables, left):
        again = plan_jobs(config, *left, out, **options)
    return inputs.with_skipped(again, planned, bad)


def _note_report(error: Exception, folder: Path) -> None:
    """Writes the report of what is done, and names it in the error."""
    try:
        write_report(folder)
        error.add_note(f"What is done is reported in {folder / 'report'}.")
    except (ValueError, OSError, RuntimeError) as other:
        error.add_note(f"What is done could not be reported: {other}")


def run_jobs(
    planned: list[Job],
    cache,
    workers: int = 1,
    threads: int | None = None,
    progress: bool = True,
    devices: int = 1,
    monitor: bool = False,
    cluster: str = "",
) -> list[Path]:
    """Runs the jobs that are not done yet, and goes on with interrupted ones.

    A job that fails is tried once more when all others are done; see `parallel.run`.
    What it wrote last stands in `<fold>-<repeat>.log`, beside its folder.

    Args:
        planned: from `plan.plan_jobs`.
        cache: folder of the feature store.
        workers: processes; each trains one job at a time.
        threads: CPU threads a process; default, an equal share of the processors for
            each of several workers, and one on a cluster.
        progress: whether to show bars.
        devices: that share each batch, in one process.
        monitor: whether each network's `logs/` get pictures, sound and gradients;
            see `monitoring.Monitor`.
        cluster: address of one to use instead of `workers`, `dask://host:8786`;
            the folders of runs and cache must be on a disk that it shares.

    Returns:
        The folders of all jobs, in their order.

    Raises:
        ValueError: a run in the output folder has other settings, another process
            is at work in it, batches cannot be shared so, or two sides of a fold hold
            the same sound. Nothing was trained then.
        TasksFailed: several jobs failed twice; the error of one that failed alone.
            All others are done.
    """
    from keras_ser.backend.devices import check_devices

    for job in planned:
        refuse_other(job)
    todo = [job for job in planned if not job.folder.exists()]
    several = workers > 1 or bool(cluster)
    for job in todo:
        refuse_held(job)
        check_devices(devices, job.config.training.batch, 2 if cluster else workers)
    prepare(todo, cache, workers, progress)
    check_same_sound(todo, cache)
    threads = threads or parallel.threads_each(workers, cluster)
    titles = _Titles(len(todo), progress and not several)
    run_one = titles.run if titles.shown else run_job
    tasks = [
        parallel.Task(
            name=f"{job.system}/{job.folder.name}",
            call=functools.partial(
                run_one, job, cache, threads, devices=devices, monitor=monitor
            ),
            log=job.folder.with_name(f"{job.folder.name}.log"),
        )
        for job in todo
    ]
    if tasks:
        parallel.run(tasks, workers, cluster, progress)
    return [job.folder for job in planned]


class _Titles:
    """Titles of the bars of trainings that run one after the other.

    `[3/20, about 0:41:00 left] mtl_aug 03`: the time that those before took on
    average, for each that is left.
    """

    def __init__(self, total: int, shown: bool):
        self.total, self.shown = total, shown
        self._begun, self._started = 0, time.monotonic()

    def run(self, job: Job, *arguments, **options) -> Path:
        return run_job(job, *arguments, title=self._next(job), **options)

    def _next(self, job: Job) -> str:
        done, self._begun = self._begun, self._begun + 1
        left = ""
        if done and done < self.total:
            each = (time.monotonic() - self._started) / done
            remaining = datetime.timedelta(seconds=round(each * (self.total - done)))
            left = f", about {remaining} left"
        number = min(self._begun, self.total)
        return f"[{number}/{self.total}{left}] {job.system} {job.fold.name}"
