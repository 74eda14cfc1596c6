"""Jobs that train together: their groups, and what each of them leaves."""

import contextlib
import functools
import json
import traceback
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import keras
import numpy as np

from keras_ser import backend
from keras_ser.experiments import fold_checks, network, speed_probe, training
from keras_ser.experiments.job import Job, feature_store
from keras_ser.experiments.run_folder import (
    check_same_settings,
    is_complete,
    lock,
    record_tasks,
    unfinished,
)
from keras_ser.experiments.runner import NoteRun, Session, give_name
from keras_ser.together import Member, Outcome, Trainer, probes, states
from keras_ser.together.memory import TooManyModels
from keras_ser.utils import locks, messages, parallel

KEY = "together"  # in environment.json: the runs that a run shared its group with


def run_together(
    jobs: Sequence[Job],
    cache: str | Path,
    together: int,
    devices: int = 1,
    progress: bool = True,
) -> None:
    """Trains and tests jobs, many of them at the same time.

    Each job leaves the folder that it leaves when it runs alone, with figures that are
    equal up to rounding. `environment.json` names the jobs that it shared a group with.

    Args:
        jobs: Jobs with networks, which are not finished.
        cache: The folder of the feature store.
        together: The largest number of jobs that train at the same time.
        devices: The number of devices that a group is divided among.
        progress: Whether to show a progress bar per group.

    Raises:
        ValueError: If a model has several optimizers.
        CallsFailed: If several jobs failed. If a single job failed, its own error is
            raised. All others are done.
    """
    failures: list[parallel.Failure] = []
    for group in groups(jobs, together):
        with (
            backend.devices.share_batches(1, group[0].config.training.batch),
            backend.devices.precision(group[0].config.training.precision),
        ):
            failures += Group(group, cache, devices, progress).run()
    if len(failures) == 1:
        raise failures[0].error
    if failures:
        raise parallel.CallsFailed(failures, len(jobs))


def check_together(together: int, workers: int, monitor: bool, cluster: str) -> None:
    """Checks that networks can train together.

    Args:
        together: How many of them train at the same time.
        workers: The number of processes.
        monitor: Whether trainings are monitored.
        cluster: The address of a cluster.

    Raises:
        ValueError: If `together` is no number of networks, if the backend is not JAX,
            or if options exclude each other.
    """
    if type(together) is not int or together < 1:
        raise ValueError(
            "`together` must be a number of networks, 1 or more, or 0 to train each by "
            f"itself. Received: {together!r}."
        )
    name = keras.backend.backend()
    if name != "jax":
        raise ValueError(
            "`together` needs the Keras backend jax, which can train stacked models. "
            f"Received: the backend {name}. Set KERAS_BACKEND=jax before the start."
        )
    for option, value, usual in (
        ("workers", workers, 1),
        ("monitor", monitor, False),
        ("cluster", cluster, ""),
    ):
        if value != usual:
            raise ValueError(
                f"`together` excludes `{option}`, because a group trains in one "
                f"process. Received: together={together}, {option}={value!r}. Leave "
                "one of them out."
            )


def groups(jobs: Sequence[Job], together: int) -> list[list[Job]]:
    """Divides jobs into groups that train at the same time.

    The jobs of a group have the same system and the same classes, so that their models
    have the same shapes. Groups of a system differ by one job at most.

    Args:
        jobs: The jobs, of one experiment.
        together: The largest size of a group.
    """
    alike: dict[str, list[Job]] = {}
    for job in jobs:
        vocabularies = fold_checks.vocabularies(job)
        key = json.dumps([job.system, job.fold.classes, vocabularies])
        alike.setdefault(key, []).append(job)
    found = []
    for same in alike.values():
        count = -(-len(same) // together)
        found += [list(part) for part in np.array_split(np.array(same, object), count)]
    return found


class Group:
    """Jobs that train at the same time.

    Args:
        jobs: The jobs.
        cache, devices, progress: As for `run_together`.
    """

    def __init__(self, jobs: Sequence[Job], cache, devices: int, progress: bool):
        self.jobs = list(jobs)
        self.config = jobs[0].config
        self.store = feature_store(self.config, cache)
        self.devices = devices
        self.progress = progress
        self.names = [f"{job.system}/{job.folder.name}" for job in self.jobs]
        self.failures: list[parallel.Failure] = []

    def run(self) -> list[parallel.Failure]:
        """Trains and tests all jobs; returns the failures."""
        with contextlib.ExitStack() as stack:
            self._lock(stack)
            todo = [job for job in self.jobs if not is_complete(unfinished(job))]
            if todo:
                more = {KEY: sorted(self.names)}
                sessions = [stack.enter_context(Session(job, **more)) for job in todo]
                self._train_parts(sessions)
            failed = {failure.call.name for failure in self.failures}
        for job, name in zip(self.jobs, self.names, strict=True):
            if name not in failed:
                give_name(job)
        return self.failures

    def _lock(self, stack: contextlib.ExitStack) -> None:
        for job in self.jobs:
            stack.enter_context(locks.held(lock(job), unfinished(job)))
            check_same_settings(job)

    def _train_parts(self, sessions: list[Session]) -> None:
        """Trains all jobs at once or, if memory is short, in parts."""
        size = len(sessions)
        while sessions:
            try:
                self._train(sessions[:size])
            except TooManyModels as error:
                if error.fitting < 1:
                    raise
                size = error.fitting
                warnings.warn(f"{error} They train in parts.", stacklevel=2)
            else:
                sessions = sessions[size:]

    def _train(self, sessions: list[Session]) -> None:
        model, members = self._members(sessions)
        with self._bar(len(members)) as advance:
            trainer = Trainer(
                model,
                members,
                self.config.training.epochs,
                self.config.training.average,
                self._scores_windows(model, members),
                devices=self.devices,
                progress=advance,
            )
            outcomes = trainer.run()
        recalls, shortcuts = probes.Recalls(trainer), {}
        for number, (session, outcome) in enumerate(
            zip(sessions, outcomes, strict=True)
        ):
            with self._catching(session.job):
                found = self._check(session.job, outcome, members[number])
                trainer.layout.write(outcome.state)
                data = members[number].data
                found |= speed_probe.score_augmentation_head(
                    model,
                    data,
                    functools.partial(recalls.of, number),
                    shortcuts.setdefault(session.job.fold.name, {}),
                )
                store, folder = self.store, session.folder
                session.record(
                    *network.test(session.job, store, folder, data, model, found)
                )

    def _members(self, sessions: Sequence[Session]) -> tuple[keras.Model, list[Member]]:
        """A compiled model of the group, and the trainings."""
        first, members = None, []
        for session in sessions:
            job = session.job
            keras.utils.set_random_seed(job.seed)
            data, model = network.prepare_data_and_model(job, self.store)
            training.check_development(model.tasks[0], data.fold)
            record_tasks(session.folder, model.tasks, job.data.tests)
            members.append(_member(job, data, model, session.folder))
            first = first or model
        check_one_optimizer(first)
        system = self.config.systems[self.jobs[0].system]
        training.compile_model(first, self.config.training, system.objective)
        return first, members

    def _scores_windows(self, model, members: Sequence[Member]) -> bool | None:
        first_only = self.config.training.dev_windows == "first"
        tables = [member.data.fold.dev for member in members]
        exact = all(training.validates_exactly(model, table) for table in tables)
        return None if first_only and exact else first_only

    def _check(self, job: Job, outcome: Outcome, member: Member) -> dict:
        """The first entries of `metrics.json`; raises as `training.fit` does."""
        training.check_losses(outcome.history)
        training.check_selected(member.schedule)
        return {
            "epoch": outcome.selected + 1,
            "epochs": len(outcome.history),
            "updates_per_epoch": member.data.steps,
        }

    @contextlib.contextmanager
    def _catching(self, job: Job) -> Iterator[None]:
        """Writes the error of a job to its log, so that the others go on."""
        log = job.folder.with_name(f"{job.folder.name}.log")
        try:
            with NoteRun(job):
                yield
        except Exception as error:
            text = "".join(traceback.format_exception(error))
            log.write_text(text, encoding="utf-8")
            call = parallel.Call(f"{job.system}/{job.folder.name}", run_together, log)
            self.failures.append(parallel.Failure(call, messages.portable(error)))

    @contextlib.contextmanager
    def _bar(self, models: int):
        import tqdm

        total = models * self.config.training.epochs
        title = f"{self.jobs[0].system}, {models} together"
        options = {"total": total, "desc": title, "unit": "epoch"}
        with tqdm.tqdm(**options, disable=not self.progress) as bar:

            def advance(done: int) -> None:
                bar.update(done - bar.n)

            yield advance


def check_one_optimizer(model) -> None:
    """Raises ValueError if a model has several optimizers."""
    if len(model.optimizer_names) > 1:
        raise ValueError(
            "Models that train together must have one optimizer. Received: "
            f"{type(model).__name__} with {list(model.optimizer_names)}. Leave out its "
            "system, or train without `together`."
        )


def _member(job: Job, data, model, folder: Path) -> Member:
    settings_of = job.config.training
    table = data.fold.train.reset_index(drop=True)
    return Member(
        data=data,
        weights=states.read_weights(model),
        schedule=training.make_schedule(settings_of, model.tasks[0].name, False),
        folder=folder,
        seed=job.seed,
        sample=training.draw_sample(table, job.seed).index.to_numpy(),
    )
