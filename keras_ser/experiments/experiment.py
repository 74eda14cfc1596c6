"""Runs experiments, from a config to a report: everything `keras-ser run` can do."""

import dataclasses
import datetime
import functools
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from keras_ser import backend
from keras_ser.experiments import inputs, registered, smoke_runs, variants
from keras_ser.experiments.config import Experiment
from keras_ser.experiments.config_file import load_config
from keras_ser.experiments.extraction import check_sound, prepare
from keras_ser.experiments.job import Job
from keras_ser.experiments.overrides import override
from keras_ser.experiments.packed import plan_packed
from keras_ser.experiments.plan import clear, plan_jobs, status
from keras_ser.experiments.run_folder import check_free, check_same_settings
from keras_ser.experiments.runner import run_job
from keras_ser.reports.text import counted
from keras_ser.utils import files, parallel
from keras_ser.utils.lists import as_list

MAX_SMOKE_WORKERS = 2
PRESET_KEYS = ("training", "systems")  # the parts of a config that a preset changes


def run(
    config: Experiment | str | Path,
    *,
    corpora: Mapping[str, str | Path] | None = None,
    systems: str | Iterable[str] = (),
    folds: str | Iterable[str] = (),
    overrides: str | Iterable[str] = (),
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
    packed: str | Path | None = None,
    together: int = 0,
    progress: bool = True,
) -> Path:
    """Runs an experiment and writes its report.

    This is `keras-ser run`, with the same options. Finished runs are kept and not
    computed again. Interrupted runs resume from their last complete epoch.

    Args:
        config: An `Experiment`, or the path of a Python file that defines one as
            `config`.
        corpora: The folders of corpora by name. Other corpora are expected in
            `$KERAS_SER_CORPORA/<name>`. Corpora that the config does not name
            replace its own corpora, in their order.
        systems: The name of the system to run, or several. The default is all of the
            config.
        folds: The name of the fold to run, or several. The default is all of the
            protocol.
        overrides: Changes to the config, such as `"training.epochs=5"`. With
            `"features.normalise=speaker"`, `_speaker` is appended to the name of the
            experiment.
        preset: The sizes of the networks and the schedule, `"small"` or `"paper"`,
            instead of those that the config names.
        repeats: The number of repeats of each fold, instead of the config's.
        smoke: Whether to run one fold for two epochs on a little synthetic speech, to
            see that everything runs. An earlier smoke run is removed first; a folder
            of its name that holds anything else is an error.
        skip_bad: Whether to leave out audio that cannot be used and list it in
            `skipped.csv`, instead of stopping before anything trains.
        out: The folder of all runs.
        cache: The folder of features and of generated speech.
        workers: The number of processes. Each trains one job at a time.
        threads: The number of CPU threads per process. By default several workers
            share the processors equally, and a single one leaves it to the backend.
        devices: The number of devices that share each batch or, with `together`, the
            models. More than one needs the Keras backend JAX.
        cluster: The address of a Dask cluster to train on, `"dask://HOST:PORT"`,
            instead of `workers`.
        monitor: Whether TensorBoard also shows pictures, speech and gradients.
        packed: The file of a packed experiment, from `prepare_features`, whose speech
            is read instead of the folders of corpora. What the cache lacks is unpacked
            into it.
        together: The largest number of networks that train at the same time in one
            process, as stacked models. Each leaves the run folder that it leaves when
            it trains alone, up to rounding, which grows during training. This needs the
            Keras backend JAX, and pays on a GPU. With 0, the default, each network
            trains by itself.
        progress: Whether to print the status and show progress bars.

    Returns:
        The folder of the experiment, `<out>/<name>`. Its report is in `report/`.

    Raises:
        ValueError: If the input is bad: an unknown name or value, a corpus without a
            folder, a fold whose sides share a speaker or a recording, or a run folder
            with different settings. Nothing has been trained then.
        UnusableAudio: If audio cannot be used, unless `skip_bad` is set.
        CallsFailed: If several runs failed. If a single run failed, its own error is
            raised. All others are finished and in the report.

    Example:

    >>> corpora = {"emodb": "/data/emodb"}
    >>> run("configs/mtl_aug/emodb.py", corpora=corpora, systems=["mtl_aug"], workers=2)
    PosixPath('runs/emodb_four')
    """
    backend.set_tensorflow_defaults()
    for each in (out, cache):
        files.writable_folder(each)
    roots = corpora or {}
    config = load(config, roots, overrides, preset)
    if smoke:
        config = smoke_runs.smoke(config)
    if repeats is not None:
        config = dataclasses.replace(config, repeats=repeats)
    config = variants.restricted(config, as_list(systems))
    folds, out = as_list(folds), Path(out)
    extraction = {"cache": cache, "workers": workers, "progress": progress}
    if packed is None:
        planned = _plan(config, roots, folds, smoke, skip_bad, out, extraction)
    else:
        planned = plan_packed(config, packed, folds, skip_bad, out, cache, progress)
    folder = out / config.name
    if smoke:  # an earlier finished run would leave nothing to run
        clear(folder)
    if progress:
        runs = counted(len(planned), "run")
        print(f"{config.name}: {runs} in {out}: {status(planned)}")
    todo = [job.folder for job in planned if not job.folder.exists()]
    # A smoke run spends most of its time in Python.
    if smoke and devices == 1 and not together:
        workers = max(workers, min(MAX_SMOKE_WORKERS, parallel.cpu_count(), len(todo)))
    options = {"devices": devices, "monitor": monitor, "cluster": cluster}
    options["together"] = together
    try:
        run_jobs(planned, cache, workers, threads, progress, **options)
    except Exception as error:  # some jobs failed; the others are done
        if any(each.exists() for each in todo):
            _note_report(error, folder)
        raise
    write_report(folder)
    return folder


def load(
    config: Experiment | str | Path,
    roots: Mapping[str, str | Path],
    overrides: str | Iterable[str] = (),
    preset: str = "",
) -> Experiment:
    """Returns an experiment with overrides, on the given corpora, at a preset.

    Args:
        config: An `Experiment`, or the path of a config file.
        roots: The folders of corpora by name. Corpora that the config does not name
            replace its own; see `variants.on_corpora`.
        overrides: Changes to the config, such as `"training.epochs=5"`. With
            `"features.normalise=speaker"`, `_speaker` is appended to the name of the
            experiment.
        preset: The name of a preset, or an empty string. Overrides of settings that
            it changes are above it.

    Raises:
        ValueError: If the config cannot be loaded or changed in this way.
    """
    if not isinstance(config, Experiment):
        config = load_config(config)
    changed = config
    texts = as_list(overrides)
    for text in texts:
        changed = override(changed, text)
    _check_reference(changed)
    config = variants.name_by_normalisation(changed, config)
    config = variants.on_corpora(config, roots)
    if not preset:
        return config
    found = variants.at_preset(config, preset)
    for text in texts:  # what the user says is above what the preset says
        if text.partition("=")[0].strip().startswith(PRESET_KEYS):
            found = override(found, text)
    return found


def _check_reference(config: Experiment) -> None:
    """Raises ValueError if the reference is not a system.

    It is checked here because a part of an experiment may lack its reference.
    """
    if config.reference and config.reference not in config.systems:
        raise ValueError(
            f"Experiment `{config.name}`: `reference` must be one of its systems, "
            f"{list(config.systems)}. Received: {config.reference!r}. Name one of them."
        )


def write_report(folder: Path) -> list[Path]:
    """Writes the report of an experiment's runs to `report/` in its folder.

    Args:
        folder: The folder of the experiment.

    Returns:
        The written files.

    Raises:
        RuntimeError: If a speaker is on two sides of a fold. The report has been
            written then.
    """
    from keras_ser import reports

    written = reports.write([folder], folder / "report")
    try:
        reports.check_speakers([folder])
    except RuntimeError as error:
        error.add_note(f"The report is in {folder / 'report'}.")
        raise
    return written


def _plan(
    config: Experiment,
    roots: Mapping[str, str | Path],
    folds: list[str],
    smoke: bool,
    skip_bad: bool,
    out: Path,
    extraction: dict,
) -> list[Job]:
    """Plans the jobs of a run; with `skip_bad`, without the unusable utterances.

    Args:
        extraction: `cache`, `workers` and `progress` of `prepare`.
    """
    cache = extraction["cache"]
    noise = inputs.read_noise(config, roots, cache)
    tables = inputs.read_tables(config, roots, cache, skip_bad)
    options = {"folds": folds, "noise": noise, "first_fold_only": smoke and not folds}
    planned = plan_jobs(config, *tables, out, **options)
    if not skip_bad:
        return planned
    bad = []
    prepare(planned, **extraction, bad=bad)
    if not bad:
        return planned
    kept = inputs.leave_out(tables, bad)
    with inputs.noting_losses(tables, kept):
        replanned = plan_jobs(config, *kept, out, **options)
    return inputs.with_skipped(replanned, planned, bad)


def _note_report(error: Exception, folder: Path) -> None:
    """Writes the report of the finished runs and names it in the error."""
    try:
        write_report(folder)
        error.add_note(f"The report of the finished runs is in {folder / 'report'}.")
    except (ValueError, OSError, RuntimeError) as other:
        error.add_note(f"The finished runs could not be reported: {other}")


def run_jobs(
    planned: list[Job],
    cache: str | Path,
    workers: int = 1,
    threads: int | None = None,
    progress: bool = True,
    devices: int = 1,
    monitor: bool = False,
    cluster: str = "",
    together: int = 0,
) -> list[Path]:
    """Runs the jobs that are not finished; interrupted ones resume.

    A job that fails is tried once more when all others are done; see `parallel.run`.
    The traceback of its failure is in `<fold>-<repeat>.log`, next to its folder.

    Args:
        planned: The jobs, from `plan.plan_jobs`.
        cache: The folder of the feature store.
        workers: The number of processes. Each trains one job at a time.
        threads: The number of CPU threads per process. By default several workers
            share the processors equally, a single one leaves it to the backend, and
            processes on a cluster use one each.
        progress: Whether to show progress bars.
        devices: The number of devices that share each batch, in one process.
        monitor: Whether the `logs/` of each network also get pictures, sound and
            gradients; see `monitoring.Monitor`.
        cluster: The address of a Dask cluster to use instead of `workers`,
            `dask://HOST:PORT`. The folders of runs and cache must be on a disk that
            its machines share.
        together: The largest number of networks that train at the same time; see
            `together.run_together`. With 0, each trains by itself.

    Returns:
        The folders of all jobs, in their order.

    Raises:
        ValueError: If a run in the output folder has different settings, if another
            process is using it, if the devices cannot share the batches, if a setting
            of Keras would change the results (see `backend.settings`), if jobs cannot
            train together, or if two sides of a fold share a recording. Nothing has
            been trained then.
        CallsFailed: If several jobs failed twice. If a single job failed, its own
            error is raised. All others are done.
    """
    from keras_ser.backend import settings
    from keras_ser.backend.devices import check_devices, check_together
    from keras_ser.experiments.classical import is_classical

    for job in planned:
        check_same_settings(job)
    todo = [job for job in planned if not job.folder.exists()]
    if not all(map(is_classical, todo)):
        settings.check_numbers()
        settings.check_limits()
    several = workers > 1 or bool(cluster)
    if together:
        check_together(together, workers, monitor, cluster)
    for job in todo:
        check_free(job)
        if not together:
            check_devices(devices, job.config.training.batch, 2 if cluster else workers)
    prepare(todo, cache, workers, progress)
    check_sound(todo, cache)
    if together:
        networks = [job for job in todo if not is_classical(job)]
        todo = [job for job in todo if is_classical(job)]
        _train_together(networks, cache, together, devices, threads, progress)
    threads = threads or parallel.threads_each(workers, cluster)
    titles = _Titles(len(todo), progress and not several)
    run_one = titles.run if titles.shown else run_job
    own = registered.own_entries() if several else {}
    calls = [
        parallel.Call(
            name=f"{job.system}/{job.folder.name}",
            function=functools.partial(
                registered.call_with,
                own,
                functools.partial(
                    run_one, job, cache, threads, devices=devices, monitor=monitor
                ),
            ),
            log=job.folder.with_name(f"{job.folder.name}.log"),
        )
        for job in todo
    ]
    if calls:
        parallel.run(calls, workers, cluster, progress)
    return [job.folder for job in planned]


def _train_together(networks, cache, together, devices, threads, progress) -> None:
    from keras_ser.experiments.together import run_together

    if threads:
        backend.set_threads(threads)
    run_together(networks, cache, together, devices, progress)


class _Titles:
    """Titles for the progress bars of trainings that run one after the other.

    A title such as `[3/20, about 0:41:00 left] mtl_aug 03` estimates the time left
    from the mean time of the trainings before.

    Args:
        total: The number of trainings.
        shown: Whether there are progress bars.
    """

    def __init__(self, total: int, shown: bool):
        self.total, self.shown = total, shown
        self._count, self._start_time = 0, time.monotonic()

    def run(self, job: Job, *arguments, **options) -> Path:
        return run_job(job, *arguments, title=self._next(job), **options)

    def _next(self, job: Job) -> str:
        done, self._count = self._count, self._count + 1
        left = ""
        if done and done < self.total:
            each = (time.monotonic() - self._start_time) / done
            remaining = datetime.timedelta(seconds=round(each * (self.total - done)))
            left = f", about {remaining} left"
        number = min(self._count, self.total)
        return f"[{number}/{self.total}{left}] {job.system} {job.fold.name}"
