"""What a search may change: a mapping from override paths to ranges and choices."""

import dataclasses
from collections.abc import Iterable, Mapping

from keras_ser.experiments import checks, config
from keras_ser.experiments.config import Experiment, System
from keras_ser.experiments.overrides import literal

DIGITS = 3  # of a number that is searched on a range; more say nothing
OF_SYSTEM = ("arguments", "objective", "augment", "denoising", "label_fraction")
OF_EXPERIMENT = ("training", "features")


@dataclasses.dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both included.

    Whole numbers, where both are written as such; others have three digits.

    Args:
        low, high: the ends.
        log: whether equal ratios are equally likely, rather than equal differences.

    Raises:
        ValueError: ends that are none, or a logarithm of what is not above 0.
    """

    low: float
    high: float
    log: bool = False

    def __post_init__(self):
        right = all(type(end) in (int, float) for end in (self.low, self.high))
        if not (right and self.low < self.high and (self.low > 0 or not self.log)):
            raise ValueError(
                "A range needs a number and a greater one, both above 0 with `log`. "
                f"Received: {self.low!r} to {self.high!r}, log={self.log}."
            )

    @property
    def whole(self) -> bool:
        return type(self.low) is int and type(self.high) is int

    @property
    def extremes(self) -> tuple:
        """The values to try a configuration with, before a search begins."""
        return self.low, self.high

    def hyperparameter(self, hyperparameters, name: str) -> None:
        """Adds itself to KerasTuner's `HyperParameters`."""
        add = hyperparameters.Int if self.whole else hyperparameters.Float
        add(name, self.low, self.high, sampling="log" if self.log else "linear")

    def value(self, proposed):
        """The setting behind a proposal."""
        if self.whole:
            return int(proposed)
        return min(max(float(f"{proposed:.{DIGITS}g}"), self.low), self.high)

    def __str__(self):
        return f"{self.low} to {self.high}{', log' if self.log else ''}"


@dataclasses.dataclass(frozen=True)
class Choice:
    """One of several values; of one alone, that.

    Args:
        options: different values, such as a configuration can hold.

    Raises:
        ValueError: there is none, or one stands twice.
    """

    options: tuple

    def __post_init__(self):
        if not self.options or len(self._named) < len(self.options):
            raise ValueError(
                "A choice needs different values, at least one. "
                f"Received: {self.options!r}."
            )

    @property
    def extremes(self) -> tuple:
        return self.options

    def hyperparameter(self, hyperparameters, name: str) -> None:
        hyperparameters.Choice(name, list(self._named))

    def value(self, proposed):
        return self._named[proposed]

    @property
    def _named(self) -> dict:
        return {repr(option): option for option in self.options}

    def __str__(self):
        return " or ".join(self._named)


Space = Mapping[str, Range | Choice]

OF_ALL = {"training.learning_rate": Range(3e-4, 3e-3, log=True)}
OF_MODELS: Mapping[str, Space] = {
    "MTLAug": {
        "objective.auxiliary": Range(0.03, 1.0, log=True),  # λ1
        "objective.center": Range(1e-4, 1e-2, log=True),  # λ2
        "arguments.kernels": Choice(((7, 5, 3), (5, 5, 3), (5, 3, 3), (3, 3, 3))),
        "arguments.filters": Choice(((8, 16, 16), (16, 32, 32), (32, 64, 64))),
    }
}
OF_AUGMENTATIONS: Mapping[str, Space] = {
    "specaugment": {
        "augment.specaugment.frequency": Range(8, 40),
        "augment.specaugment.time": Range(20, 120),
    }
}


def default(system: System) -> dict[str, Range | Choice]:
    """What is searched unless said otherwise, of what the system has.

    The learning rate; of MTL-AUG λ1, λ2, kernels and filters, the weights where
    something has them; SpecAugment's widths.
    """
    found = {**OF_ALL, **OF_MODELS.get(system.model, {})}
    for name, dimensions in OF_AUGMENTATIONS.items():
        found |= dimensions if name in system.augment else {}
    idle = _without_effect(system)
    return {path: each for path, each in found.items() if path not in idle}


def _without_effect(system: System) -> set[str]:
    """Weights of losses that the system's arguments switch off."""
    auxiliary = any(
        system.arguments.get(head, True) and system.objective.get(head) is None
        for head in ("augmentation", "reconstruction")
    )
    weights = {
        "objective.auxiliary": auxiliary,
        "objective.center": system.arguments.get("center", True),
    }
    return {path for path, counts in weights.items() if not counts}


def parse(text: str) -> tuple[str, Range | Choice]:
    """A path and what it may be, from `path=low:high`, `…:log` or `path=a|b|c`.

    Args:
        text: numbers are whole if both ends are, `5:40`; write `0.0:1.0` for others.
            Options are Python literals, or text.

    Raises:
        ValueError: it is none of these.

    Example:

    >>> parse("objective.auxiliary=0.1:1.0:log")
    ('objective.auxiliary', Range(low=0.1, high=1.0, log=True))
    """
    path, equals, told = text.partition("=")
    if not (equals and path.strip() and told.strip()):
        raise ValueError(
            "A dimension of the space is `path=low:high`, `path=low:high:log` or "
            f"`path=a|b|c`. Received: {text!r}."
        )
    try:
        return path.strip(), _dimension(told.strip())
    except ValueError as error:
        error.add_note(f"This was in {text!r}.")
        raise


def _dimension(told: str) -> Range | Choice:
    ends = [literal(part.strip()) for part in told.split(":")]
    if "|" in told or len(ends) == 1:
        return Choice(tuple(literal(part.strip()) for part in told.split("|")))
    if len(ends) > 3 or ends[2:] not in ([], ["log"]):
        raise ValueError(f"Expected `low:high` or `low:high:log`. Received: {told!r}.")
    return Range(*ends[:2], log=len(ends) == 3)


def of(
    experiment: Experiment, name: str, changes: Space | Iterable = ()
) -> dict[str, Range | Choice]:
    """The space of a search for one system, by whole override paths.

    Args:
        experiment: what the values are set in.
        name: of the system.
        changes: dimensions that join those of `default`, or take their place, by
            whole paths, or by paths inside the system such as `objective.center`.

    Raises:
        ValueError: a path that no search may change, or an end of a range, or an
            option, that the experiment cannot have.
    """
    space = {}
    for made in (default(experiment.systems[name]), dict(changes)):
        space |= {_whole_path(path, name): each for path, each in made.items()}
    for path, dimension in space.items():
        for value in dimension.extremes:
            _try(experiment, name, path, value)
    return space


def _whole_path(path: str, name: str) -> str:
    first, _, rest = path.partition(".")
    own = f"systems.{name}."
    if first in OF_SYSTEM:
        return own + path
    if path.startswith(own) and path.removeprefix(own).split(".")[0] in OF_SYSTEM:
        return path
    if first in OF_EXPERIMENT and rest and path != "training.seed":
        return path
    raise ValueError(
        f"A search for system `{name}` changes {', '.join(OF_SYSTEM)} of the system, "
        f"and {', '.join(OF_EXPERIMENT)} of the experiment, without the seed. "
        f"Received: {path!r}."
    )


def _try(experiment: Experiment, name: str, path: str, value) -> None:
    try:
        checks.check(applied(experiment, name, {path: value}))
    except ValueError as error:
        error.add_note(f"This was for {path} = {value!r} in the space of the search.")
        raise


def applied(experiment: Experiment, name: str, values: Mapping) -> Experiment:
    """The experiment with other values.

    Args:
        experiment: with a system `name`.
        name: of the system that the paths may lead into.
        values: by override path.

    Raises:
        ValueError: as `config.override`.
    """
    if any(path.startswith(f"systems.{name}.augment.") for path in values):
        experiment = _with_arguments(experiment, name)
    for path, value in values.items():
        experiment = config.override(experiment, f"{path}={value!r}")
    return experiment


def _with_arguments(experiment: Experiment, name: str) -> Experiment:
    """Augmentations by names become a mapping, into which paths can lead."""
    system = experiment.systems[name]
    augment = system.augment
    if not isinstance(augment, Mapping):
        augment = {each: {} for each in augment}
    system = dataclasses.replace(system, augment=augment)
    systems = {**experiment.systems, name: system}
    return dataclasses.replace(experiment, systems=systems)
