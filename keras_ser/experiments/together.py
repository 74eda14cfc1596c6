"""Jobs that train together: their groups, and what each of them leaves."""

import contextlib
import functools
import json
import traceback
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import jax
import keras
import numpy as np

from keras_ser import backend
from keras_ser.experiments import (
    fold_checks,
    network,
    speed_probe,
    training,
    validation,
)
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

    Each job leaves the folder that it leaves when it runs alone, up to rounding, which
    grows during training. `environment.json` names the jobs of its group.

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
        self.failures: list[parallel.Failure] = []

    def run(self) -> list[parallel.Failure]:
        """Trains and tests all jobs; returns the failures."""
        with contextlib.ExitStack() as stack:
            self._lock(stack)
            todo = [job for job in self.jobs if not is_complete(unfinished(job))]
            if todo:
                more = {KEY: sorted(map(_name, self.jobs))}
                sessions = [stack.enter_context(Session(job, **more)) for job in todo]
                self._train_parts(sessions)
            failed = {failure.call.name for failure in self.failures}
        for job in self.jobs:
            if _name(job) not in failed:
                give_name(job)
        return self.failures

    def _lock(self, stack: contextlib.ExitStack) -> None:
        for job in self.jobs:
            stack.enter_context(locks.held(lock(job), unfinished(job)))
            check_same_settings(job)
        # Another process may have been first.
        self.jobs = [job for job in self.jobs if not job.folder.exists()]

    def _train_parts(self, sessions: list[Session]) -> None:
        """Trains all jobs at once or, if memory is short, in parts."""
        size = len(sessions)
        while sessions:
            if size > self.devices:
                size -= size % self.devices  # each device gets as many models
            try:
                self._train(sessions[:size])
            except TooManyModels as error:
                size = self._smaller(size, error.fitting, error)
            except jax.errors.JaxRuntimeError as error:
                if "RESOURCE_EXHAUSTED" not in str(error):
                    raise
                size = self._smaller(size, size // 2, error)
            else:
                sessions = sessions[size:]
                size = min(size, len(sessions))

    @staticmethod
    def _smaller(size: int, fitting: int, error: Exception) -> int:
        """The size of the next part, after one of this size did not fit."""
        if fitting < 1:
            raise error
        text = str(error).splitlines()[0]
        warnings.warn(f"{text} They train in parts of {fitting}.", stacklevel=3)
        return fitting

    def _train(self, sessions: list[Session]) -> None:
        model, members, sessions = self._members(sessions)
        if not members:
            return
        devices = 1 if len(members) % self.devices else self.devices
        with self._bar(len(members)) as advance:
            trainer = Trainer(
                model,
                members,
                self.config.training.epochs,
                self.config.training.average,
                self._scores_windows(model, members),
                validated=validation.validated_epochs(model, self.config.training),
                devices=devices,
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

    def _members(self, sessions: Sequence[Session]) -> tuple:
        """A compiled model of the group, the trainings, and their sessions.

        A job whose fold does not fit is left out, and its error kept.
        """
        model, members, kept = None, [], []
        for session in sessions:
            with self._catching(session.job):
                made, member = self._prepared(session)
                members.append(member)
                kept.append(session)
                model = model or made
        if members:
            system = self.config.systems[self.jobs[0].system]
            training.compile_model(model, self.config.training, system.objective)
        return model, members, kept

    def _prepared(self, session: Session) -> tuple[keras.Model, Member]:
        """A new model for a job, and its training."""
        job = session.job
        keras.utils.set_random_seed(job.seed)
        data, model = network.prepare_data_and_model(job, self.store)
        check_one_optimizer(model)
        training.check_development(model.tasks[0], data.fold)
        record_tasks(session.folder, model.tasks, job.data)
        return model, _member(job, data, model, session.folder)

    def _scores_windows(self, model, members: Sequence[Member]) -> bool | None:
        found = {
            validation.scored_windows(model, self.config.training, member.data.fold.dev)
            for member in members
        }
        return found.pop() if len(found) == 1 else True

    def _check(self, job: Job, outcome: Outcome, member: Member) -> dict:
        """The first entries of `metrics.json`; raises as `training.fit` does."""
        training.check_losses(outcome.history)
        training.check_selected(member.schedule)
        return {
            "epoch": outcome.selected + 1,
            "epochs": len(outcome.history),
            "updates_per_epoch": member.data.steps,
            **training.selected_alpha(outcome.history, outcome.selected),
        }

    @contextlib.contextmanager
    def _catching(self, job: Job) -> Iterator[None]:
        """Writes the error of a job to its log, so that the others continue."""
        log = job.folder.with_name(f"{job.folder.name}.log")
        try:
            with NoteRun(job):
                yield
        except Exception as error:
            text = "".join(traceback.format_exception(error))
            log.write_text(text, encoding="utf-8")
            call = parallel.Call(_name(job), run_together, log)
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


def _name(job: Job) -> str:
    """The name of a job in messages and records."""
    return f"{job.system}/{job.folder.name}"


def check_one_optimizer(model) -> None:
    """Raises ValueError if a model has several optimizers."""
    if len(model.optimizer_names) > 1:
        raise ValueError(
            "Models that train together must have one optimizer. Received: "
            f"{type(model).__name__} with {list(model.optimizer_names)}. Leave out its "
            "system, or train without `together`."
        )


def _member(job: Job, data, model, folder: Path) -> Member:
    settings_of, head = job.config.training, model.tasks[0].name
    first = model.first_selectable(settings_of.epochs)
    table = data.fold.train.reset_index(drop=True)
    return Member(
        data=data,
        weights=states.read_weights(model),
        schedule=training.make_schedule(settings_of, head, False, first),
        folder=folder,
        seed=job.seed,
        sample=training.draw_sample(table, job.seed).index.to_numpy(),
    )
