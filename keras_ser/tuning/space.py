"""The search space: a mapping from override paths to ranges and choices."""

import dataclasses
import inspect
from collections.abc import Callable, Iterable, Mapping

from keras_ser.experiments import checks
from keras_ser.experiments.config import Experiment, System
from keras_ser.experiments.lookup import model_class, model_name
from keras_ser.experiments.overrides import literal, override

SIGNIFICANT_DIGITS = 3  # of a number from a range; more make no difference
# Settings that a search may change.
SYSTEM_FIELDS = ("arguments", "objective", "augment", "denoising", "label_fraction")
EXPERIMENT_FIELDS = ("training", "features")


@dataclasses.dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both included.

    If both ends are integers, so are the values. Otherwise the values are rounded to
    three significant digits.

    Args:
        low: Smallest value.
        high: Largest value.
        log: Whether equal ratios are equally likely, instead of equal differences.

    Raises:
        ValueError: If the ends are not two numbers in increasing order, or if `log`
            is given and `low` is not above 0.
    """

    low: float
    high: float
    log: bool = False

    def __post_init__(self):
        right = all(type(end) in (int, float) for end in (self.low, self.high))
        if not (right and self.low < self.high and (self.low > 0 or not self.log)):
            raise ValueError(
                "A range needs a number and a larger one, both above 0 with `log`. "
                f"Received: {self.low!r} to {self.high!r}, log={self.log}."
            )

    @property
    def is_integer(self) -> bool:
        """Whether the values are integers."""
        return type(self.low) is int and type(self.high) is int

    @property
    def extremes(self) -> tuple:
        """Both ends."""
        return self.low, self.high

    @property
    def tried(self) -> tuple:
        """The values that a config is checked with before the search starts.

        A value between the ends is among them, because both ends of a range may give a
        whole number of rows per batch, and others not.
        """
        step = 1 if self.is_integer else (self.high - self.low) / 3
        return *self.extremes, self.value(self.low + step)

    def hyperparameter(self, hyperparameters, name: str) -> None:
        """Adds the range to the `HyperParameters` of KerasTuner."""
        add = hyperparameters.Int if self.is_integer else hyperparameters.Float
        add(name, self.low, self.high, sampling="log" if self.log else "linear")

    def value(self, proposed: float) -> int | float:
        """The setting for a value that KerasTuner proposed."""
        if self.is_integer:
            return int(proposed)
        rounded = float(f"{proposed:.{SIGNIFICANT_DIGITS}g}")
        return min(max(rounded, self.low), self.high)

    def __str__(self):
        return f"{self.low} to {self.high}{', log' if self.log else ''}"


@dataclasses.dataclass(frozen=True)
class Choice:
    """One of several values. A single value is fixed.

    Args:
        options: Different values that a config can hold.

    Raises:
        ValueError: If there are no values, or if one is given twice.
    """

    options: tuple

    def __post_init__(self):
        if not self.options or len(self._by_text) < len(self.options):
            raise ValueError(
                "A choice needs one or more different values. "
                f"Received: {self.options!r}."
            )

    @property
    def extremes(self) -> tuple:
        """All options."""
        return self.options

    @property
    def tried(self) -> tuple:
        """The values that a config is checked with before the search starts."""
        return self.options

    def hyperparameter(self, hyperparameters, name: str) -> None:
        """Adds the choice to the `HyperParameters` of KerasTuner."""
        hyperparameters.Choice(name, list(self._by_text))

    def value(self, proposed: str):
        """The setting for a value that KerasTuner proposed."""
        return self._by_text[proposed]

    @property
    def _by_text(self) -> dict:
        return {repr(option): option for option in self.options}

    def __str__(self):
        return " or ".join(self._by_text)


Space = Mapping[str, Range | Choice]

COMMON_SPACE: Space = {"training.learning_rate": Range(3e-4, 3e-3, log=True)}
MODEL_SPACES: Mapping[str, Space] = {
    "MTLAug": {
        "arguments.kernels": Choice(((7, 5, 3), (5, 5, 3), (5, 3, 3), (3, 3, 3))),
        "arguments.filters": Choice(((8, 16, 16), (16, 32, 32), (32, 64, 64))),
    }
}
AUGMENTATION_SPACES: Mapping[str, Space] = {
    "specaugment": {
        "augment.specaugment.frequency": Range(8, 40),
        "augment.specaugment.time": Range(20, 120),
    }
}


def default_space(system: System) -> dict[str, Range | Choice]:
    """The default search space of a system.

    It holds the learning rate; the weights of the losses that the model's `objective`
    has a default for, if they have an effect, such as λ1 and λ2 of MTL-AUG; for
    MTL-AUG, the kernel widths and the numbers of filters; and the widths of SpecAugment
    if the system uses it.
    """
    model = model_class(system.model)
    found = {**COMMON_SPACE, **_weight_space(model, system)}
    found |= MODEL_SPACES.get(model_name(model), {})
    for name, dimensions in AUGMENTATION_SPACES.items():
        found |= dimensions if name in system.augment else {}
    return found


def _weight_space(model: type, system: System) -> Space:
    """Ranges around the default weights of losses that have an effect.

    The weights are the parameters of the model's `objective` that have a number as
    default. A parameter whose default is None takes over a weight that heads share.
    """
    defaults = _defaults(model.objective)
    weights = {name: each for name, each in defaults.items() if _is_weight(each)}
    switches = {**_defaults(model), **system.arguments}
    sharing = [name for name in switches if defaults.get(name, 0) is None]
    is_shared = any(
        switches.get(head, True) and system.objective.get(head) is None
        for head in sharing
    )
    found = {}
    for name, default in sorted(weights.items()):
        is_for_many = sharing and name not in switches
        if is_shared if is_for_many else switches.get(name, True):
            found[f"objective.{name}"] = _range_around(default)
    return found


def _defaults(function: Callable) -> dict:
    parameters = inspect.signature(function).parameters
    return {name: parameter.default for name, parameter in parameters.items()}


def _is_weight(default) -> bool:
    return type(default) in (int, float) and default > 0


def _range_around(weight: float) -> Range:
    """From a tenth of a weight to ten times as much, but not above 1."""
    ends = weight / 10, min(10 * weight, max(1.0, weight))
    return Range(*(float(f"{end:.{SIGNIFICANT_DIGITS}g}") for end in ends), log=True)


def parse_dimension(text: str) -> tuple[str, Range | Choice]:
    """Reads one dimension of the space from a text.

    Args:
        text: `path=low:high`, `path=low:high:log` or `path=a|b|c`. The values of a
            range are integers if both ends are, as in `5:40`; write `0.0:1.0` for
            real numbers. Options are Python literals, or else text.

    Returns:
        The path and its `Range` or `Choice`.

    Raises:
        ValueError: If the text has another form.

    Example:

    >>> parse_dimension("objective.auxiliary=0.1:1.0:log")
    ('objective.auxiliary', Range(low=0.1, high=1.0, log=True))
    """
    path, equals, values = text.partition("=")
    if not (equals and path.strip() and values.strip()):
        raise ValueError(
            "A dimension of the space has the form `path=low:high`, "
            f"`path=low:high:log` or `path=a|b|c`. Received: {text!r}."
        )
    try:
        return path.strip(), _parse_values(values.strip())
    except ValueError as error:
        error.add_note(f"The text was {text!r}.")
        raise


def _parse_values(text: str) -> Range | Choice:
    ends = [literal(part.strip()) for part in text.split(":")]
    if "|" in text or len(ends) == 1:
        return Choice(tuple(literal(part.strip()) for part in text.split("|")))
    if len(ends) > 3 or ends[2:] not in ([], ["log"]):
        raise ValueError(f"Expected `low:high` or `low:high:log`. Received: {text!r}.")
    return Range(*ends[:2], log=len(ends) == 3)


def search_space(
    experiment: Experiment, name: str, changes: Space | Iterable = ()
) -> dict[str, Range | Choice]:
    """The search space of one system, by full override paths.

    Args:
        experiment: The experiment in which the values are set.
        name: Name of the system.
        changes: Dimensions to add to the default space, or to use instead of some of
            its dimensions. Their paths are full paths, or paths inside the system
            such as `objective.center`.

    Raises:
        ValueError: If a search may not change a path, or if the experiment cannot
            have an end of a range or an option.
    """
    space = {}
    for made in (default_space(experiment.systems[name]), dict(changes)):
        space |= {_full_path(path, name): each for path, each in made.items()}
    for path, dimension in space.items():
        for value in dimension.tried:
            _check_value(experiment, name, path, value)
    return space


def _full_path(path: str, name: str) -> str:
    first, _, rest = path.partition(".")
    prefix = f"systems.{name}."
    if first in SYSTEM_FIELDS:
        return prefix + path
    if path.startswith(prefix):
        if path.removeprefix(prefix).split(".")[0] in SYSTEM_FIELDS:
            return path
    if first in EXPERIMENT_FIELDS and rest and path != "training.seed":
        return path
    raise ValueError(
        f"A search for system `{name}` can change {', '.join(SYSTEM_FIELDS)} of the "
        f"system, and {', '.join(EXPERIMENT_FIELDS)} of the experiment except the "
        f"seed. Received: {path!r}."
    )


def _check_value(experiment: Experiment, name: str, path: str, value) -> None:
    try:
        checks.check(apply_values(experiment, name, {path: value}))
    except ValueError as error:
        error.add_note(f"The search space contains {path} = {value!r}.")
        raise


def apply_values(experiment: Experiment, name: str, values: Mapping) -> Experiment:
    """The experiment with different values.

    Args:
        experiment: An experiment with a system `name`.
        name: Name of the system that the paths may lead into.
        values: Values by override path.

    Raises:
        ValueError: As `overrides.override`.
    """
    if any(path.startswith(f"systems.{name}.augment.") for path in values):
        experiment = _augment_as_mapping(experiment, name)
    for path, value in values.items():
        experiment = override(experiment, f"{path}={value!r}")
    return experiment


def _augment_as_mapping(experiment: Experiment, name: str) -> Experiment:
    """Turns a list of augmentations into a mapping, so that paths can lead into it."""
    system = experiment.systems[name]
    augment = system.augment
    if not isinstance(augment, Mapping):
        augment = {each: {} for each in augment}
    system = dataclasses.replace(system, augment=augment)
    systems = {**experiment.systems, name: system}
    return dataclasses.replace(experiment, systems=systems)
