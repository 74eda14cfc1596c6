"""Checks of a job before its network is built, so that planning can run them."""

import contextlib
from collections.abc import Iterator

from keras_ser.experiments.job import Job
from keras_ser.experiments.lookup import is_classical, model_class


def check_job(job: Job) -> None:
    """Checks what is known of the heads of a job before its network is built.

    A network says which columns it learns the classes of. A classical system says all
    of its targets.

    Raises:
        ValueError: If the training speech has fewer than two classes or numbers of one
            of these, or fewer speakers or utterances than the settings ask for. The
            error names the system and the fold.
    """
    with naming(job):
        _check_draws(job)
        if is_classical(job.config.systems[job.system].model):
            from keras_ser.experiments import classical

            classical.target_tasks(job)
        else:
            vocabularies(job)


def _check_draws(job: Job) -> None:
    """Makes the draws of speakers and utterances, which raise if there are too few."""
    system = job.config.systems[job.system]
    if job.config.heard_fraction or system.unlabelled_speakers is not None:
        job.data.sides()


@contextlib.contextmanager
def naming(job: Job) -> Iterator[None]:
    """Adds a note to a `ValueError` of the block that names the system and the fold."""
    try:
        yield
    except ValueError as error:
        where = f"system `{job.system}` in fold `{job.fold.name}`"
        error.add_note(f"This concerns {where}.")
        raise


def vocabularies(job: Job) -> dict[str, tuple[str, ...]]:
    """Returns the classes of the columns that the network of a job learns.

    Raises:
        ValueError: If the training speech has fewer than two classes of a column.
    """
    from keras_ser.tasks import vocabulary

    system = job.config.systems[job.system]
    columns = model_class(system.model).columns(**system.arguments)
    if not columns:
        return {}
    speech = job.data.sides()["train"]
    return {column: vocabulary(speech, column) for column in columns}
