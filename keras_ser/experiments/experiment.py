"""Systems × protocol × folds × repeats, a job and a folder each."""

import datetime
import functools
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from keras_ser.audio import unusable
from keras_ser.audio.unusable import Unusable
from keras_ser.experiments import checks
from keras_ser.experiments.config import Experiment
from keras_ser.experiments.job import Job, feature_store
from keras_ser.experiments.run_folder import refuse_held, refuse_other, unfinished
from keras_ser.experiments.runner import run_job
from keras_ser.experiments.variants import chosen
from keras_ser.features import PLAIN
from keras_ser.protocols import PROTOCOLS, leaks
from keras_ser.utils import files, locks, parallel


def clear(folder) -> None:
    """Removes an experiment's folder, so that its runs are run again.

    Args:
        folder: of the experiment, below that of all runs.

    Raises:
        ValueError: a process is at work in it. Nothing was removed then.
    """
    folder = Path(folder)
    for lock in sorted(folder.glob("*/*.lock")):
        locks.refuse(lock, lock.with_suffix(".partial"))
    if folder.exists():
        shutil.rmtree(folder)


def standing(planned: list[Job]) -> str:
    """How many jobs are done, begun and neither: `3 done, 1 to go on with, 2 to do`."""
    done = sum(job.folder.exists() for job in planned)
    begun = sum(
        (unfinished(job) / "config.json").exists() and not job.folder.exists()
        for job in planned
    )
    todo = len(planned) - done - begun
    return f"{done} done, {begun} to go on with, {todo} to do"


def jobs(
    config: Experiment,
    table: pd.DataFrame,
    unlabelled: pd.DataFrame | None,
    out,
    systems: Iterable[str] = (),
    folds: Iterable[str] = (),
    noise: pd.DataFrame | None = None,
) -> list[Job]:
    """The jobs of an experiment: folds in turn, all systems of a fold together.

    Args:
        config: the experiment.
        table, unlabelled: from `inputs.read_tables`.
        out: folder of all runs.
        systems, folds: names to run; default, all.
        noise: from `inputs.read_noise`, for conditions that mix it in.

    Raises:
        ValueError: a name or argument in the config that nothing takes, a corpus
            that the protocol cannot divide, or a fold that tests speakers whom the
            search for the settings heard.
    """
    checks.check(config)
    divided = PROTOCOLS[config.protocol](
        table, unlabelled=unlabelled, **config.protocol_arguments
    )
    chosen_systems = chosen("systems", systems, config.systems)
    chosen_folds = chosen("folds", folds, divided)
    if config.tuned_on:
        tests = {name: fold.speakers()["test"] for name, fold in divided.items()}
        leaks.refuse_tuned(config.tuned_on, tests, chosen_folds)
    for fold in chosen_folds:
        files.safe_name(f"Fold {fold!r} of `{config.protocol}`", fold)
    return [
        Job(config, system, divided[fold], repeat, Path(out), noise=noise)
        for repeat in range(config.repeats)
        for fold in chosen_folds
        for system in chosen_systems
    ]


def run(
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
        planned: from `jobs`.
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
    _refuse_same_sound(todo, cache)
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


def prepare(
    planned: list[Job],
    cache,
    workers: int = 1,
    progress: bool = True,
    bad: list[Unusable] | None = None,
) -> int:
    """Extracts the features that jobs need; returns how many were absent.

    Every utterance once, in every variant that a system of the jobs trains on: a
    fold's test speaker trains in the others. What is there already is read, too:
    entries that are damaged are extracted again.

    Args:
        planned: from `jobs`.
        cache: folder of the feature store.
        workers: processes.
        progress: whether to show bars.
        bad: collects the utterances that cannot be used; without it, they are an
            error.

    Raises:
        UnusableAudio: audio that cannot be used, all of it; more than a few are
            listed in `unusable.csv` in the cache.
    """
    found, count = unusable.unread(_utterances(planned)), 0
    for store, table, transforms in _needed(planned, cache):
        known = {each.utterance for each in found}
        table = table[~table.utterance.isin(known)]
        count += store.prepare(table, transforms, workers, progress, found, verify=True)
    if bad is None:
        unusable.refuse(found, cache)
    else:
        bad += found
    return count


def _refuse_same_sound(planned: list[Job], cache) -> None:
    """Raises ValueError where a fold's sides share sound, by the features there are.

    What `leaks` compares when a fold is made are files: a recording that was saved
    again has other bytes.
    """
    folds = {job.fold.name: job.fold for job in planned}.values()
    for store, table, _ in _needed(planned, cache):
        if store.plain == PLAIN:  # noise is another one for each utterance
            sound = store.fingerprints(table)
            for fold in folds:
                leaks.refuse_sound(fold.name, fold.sides(), sound)


def _needed(planned: list[Job], cache) -> list[tuple]:
    """The stores that jobs read, each with its utterances and transforms."""
    from keras_ser.experiments import classical

    others = [job for job in planned if classical.is_classical(job)]
    networks = [job for job in planned if not classical.is_classical(job)]
    needed = [(*each, [PLAIN]) for each in classical.needed(others, cache)]
    return [*needed, *_of_networks(networks, cache)]


def _utterances(planned: list[Job]) -> pd.DataFrame | None:
    folds = {job.fold.name: job.fold for job in planned}.values()
    sides = [side for fold in folds for side in fold.sides().values()]
    return pd.concat(sides).drop_duplicates("utterance") if sides else None


def _of_networks(planned: list[Job], cache) -> list[tuple]:
    """The stores that networks read, each with its utterances and transforms.

    First that of speech as it is, which is tested; then those of other conditions
    that systems learn from.
    """
    if not planned:
        return []
    store = feature_store(planned[0].config, cache)
    learning = {store.plain: []}
    for job in planned:
        learning.setdefault(job.training_store(store).plain, []).append(job)
    return [
        (
            store.under(plain),
            _utterances(planned if plain == store.plain else group),
            [PLAIN, *_augmenting(group)],
        )
        for plain, group in learning.items()
    ]


def _augmenting(planned: list[Job]) -> dict:
    """The waveform transforms of the systems' augmentations, as keys."""
    from keras_ser import augment

    return {
        transform: None
        for job in planned
        for each in augment.instances(job.config.systems[job.system].augment)
        if each.kind == "waveform"
        for transform in each.transforms
    }
