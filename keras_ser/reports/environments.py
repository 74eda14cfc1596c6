"""What a report says of the environments in which runs were made."""

from collections.abc import Iterable

from keras_ser.reports import consistency
from keras_ser.reports.reading import Run
from keras_ser.reports.run_files import invalid_file, read_json
from keras_ser.reports.text import counted, sort_names

# What may change a figure: keys of environment.json, and what a report calls them.
NAMED = {
    "keras_ser": "version of keras_ser",
    "commit": "commit",
    "keras": "version of Keras",
    "backend": "backend",
    "tensorflow": "version of TensorFlow",
    "jax": "version of JAX",
    "torch": "version of PyTorch",
    "device": "device",
    "processor": "processor",
}
COMMIT_CHARACTERS = 8  # of the first ones, besides `-dirty`
MAX_SYSTEMS = 4  # that are named with a value
UNKNOWN = "unknown"


def environment_texts(runs: Iterable[Run]) -> list[str]:
    """In what the environments of each experiment's runs differ, and what is unchecked.

    Args:
        runs: From `reading.read_runs`.

    Returns:
        One text per experiment whose runs differ, and one on runs without a hash of
        their test set.
    """
    by_experiment: dict[str, list[Run]] = {}
    for run in runs:
        by_experiment.setdefault(run.experiment, []).append(run)
    texts = [_differences(name, own) for name, own in by_experiment.items()]
    texts += [_unchecked(name, own) for name, own in by_experiment.items()]
    return [text for text in texts if text]


def _differences(experiment: str, runs: list[Run]) -> str:
    environments = [_read(run) for run in runs]
    found = []
    for key, title in NAMED.items():
        values: dict[str, list[Run]] = {}
        for run, environment in zip(runs, environments, strict=True):
            if key in environment:  # earlier versions recorded less
                values.setdefault(_value(key, environment[key]), []).append(run)
        if len(values) > 1:
            each = [f"{name} ({_systems(values[name])})" for name in sort_names(values)]
            found.append(f"{title}: {'; '.join(each)}")
    if not found:
        return ""
    return f"The runs of {experiment} differ in their environment. {'. '.join(found)}."


def _read(run: Run) -> dict:
    path = run.folder / "environment.json"
    if not path.is_file():
        return {}
    environment = read_json(path)
    if not isinstance(environment, dict):
        raise invalid_file(path, "an object", type(environment).__name__)
    return environment


def _value(key: str, value) -> str:
    text = str(value) or UNKNOWN
    if key != "commit":
        return text
    commit, *rest = text.split("-", 1)
    return "-".join([commit[:COMMIT_CHARACTERS], *rest])


def _systems(runs: list[Run]) -> str:
    systems = sort_names(run.system for run in runs)
    more = len(systems) - MAX_SYSTEMS
    names = ", ".join(systems[:MAX_SYSTEMS]) + (f" and {more} more" if more > 0 else "")
    return f"{counted(len(runs), 'run')} of {names}"


def _unchecked(experiment: str, runs: list[Run]) -> str:
    """One line on runs of earlier versions."""
    count = sum(not consistency.is_checked(run.config) for run in runs)
    if not count:
        return ""
    which = f"{count} of {len(runs)} runs do not record"
    if count == len(runs):
        which = "no run records"
    return (
        f"Unchecked: in {experiment}, {which} a hash of the test set, so that nothing "
        "shows whether predictions were left out."
    )
