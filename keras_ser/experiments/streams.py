"""The plans of the streams that jobs train on, computed before anything trains.

With them, trainings whose streams are planned need no TensorFlow; see `data.plan`.
"""

import json
from pathlib import Path

import tqdm

from keras_ser import augment
from keras_ser.experiments import classical, network, registered
from keras_ser.experiments.job import Job, feature_store
from keras_ser.tasks import AugmentationType
from keras_ser.utils import parallel


def compute(
    planned: list[Job], cache: str | Path, workers: int = 1, progress: bool = True
) -> dict[str, bytes]:
    """Computes the plans of jobs, and keeps them in the cache.

    Systems of one fold and repeat that differ in their models only share a plan, which
    is computed once.

    Args:
        planned: The jobs. Classical systems have no plans.
        cache: The folder of the feature store, which holds all entries of the jobs.
        workers: The number of processes.
        progress: Whether to show a progress bar.

    Returns:
        The content of the plans by their keys, for `data.plan.write`: those of
        `Pipeline.plan` for all epochs, and those of `Pipeline.plan_augmented` for the
        development speech if augmentation heads are scored on it.

    Raises:
        ValueError: If a batch augmentation does not say what it draws.
    """
    groups: dict[str, list[Job]] = {}
    for job in planned:
        if not classical.is_classical(job):
            groups.setdefault(_stream(job), []).append(job)
    scored = _scored_systems([job for group in groups.values() for job in group])
    own = registered.own_entries()
    calls = [
        (own, _compute, group[0], cache, any(job.system in scored for job in group))
        for group in groups.values()
    ]
    done = parallel.unordered(registered.call_with, calls, workers)
    options = {"total": len(calls), "desc": "plans", "unit": "stream"}
    found: dict[str, bytes] = {}
    for plans in tqdm.tqdm(done, **options, disable=not progress):
        found.update(plans)
    return dict(sorted(found.items()))


def _stream(job: Job) -> str:
    """Text that is equal for jobs of an experiment that share their stream."""
    system = job.config.systems[job.system]
    speech = system.use_unlabelled, system.unlabelled_speakers, system.label_fraction
    speech = *speech, system.train_conditions
    identity = [job.fold.name, job.repeat, system.augment, *speech]
    return json.dumps(identity, default=repr)


def _scored_systems(jobs: list[Job]) -> set[str]:
    """The systems whose augmentation head `speed_probe` scores."""
    firsts = {job.system: job for job in reversed(jobs)}
    return {name for name, job in firsts.items() if _is_scored(job)}


def _is_scored(job: Job) -> bool:
    kinds = augment.instances(job.config.systems[job.system].augment)
    if not any(each.name == "speed" for each in kinds):
        return False
    model = network.make_model(job, feature_store(job.config, "").front_end)
    return any(isinstance(task, AugmentationType) for task in model.tasks)


def _compute(job: Job, cache: str | Path, is_scored: bool) -> dict[str, bytes]:
    """The plans of one job; `is_scored` as in `_scored_systems`."""
    data = network.make_pipeline(job, feature_store(job.config, cache), ())
    plan = data.plan(0, job.config.training.epochs)
    found = {data.plan_key(): plan.to_bytes()}
    if is_scored:
        given = data.fold.dev, data.trained_types
        found[data.plan_augmented_key(*given)] = data.plan_augmented(*given).to_bytes()
    return found
