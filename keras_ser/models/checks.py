"""Checks of what models have in common."""

import inspect
import math
from collections.abc import Collection, Mapping, Sequence

import keras

from keras_ser.layers.convolution import check_normalisation
from keras_ser.layers.normalisation import GROUPS
from keras_ser.tasks import Task
from keras_ser.utils.choices import check_fraction as check_fraction
from keras_ser.utils.choices import check_numbers, check_switch
from keras_ser.utils.choices import check_positive as check_positive


def check_outputs(tasks: Sequence[Task], outputs: Mapping) -> None:
    """Raises ValueError unless each task has an output with the values that it needs.

    Args:
        tasks: The tasks of a model.
        outputs: Its symbolic outputs by head.
    """
    names = [task.name for task in tasks]
    if not names or len(set(names)) < len(names) or set(names) != set(outputs):
        raise ValueError(
            "A model must have one output per task, and tasks with different names. "
            f"Received: outputs {list(outputs)} and tasks {names}. Give each head a "
            "task of the same name."
        )
    for task in tasks:
        shape = outputs[task.name].shape
        if task.is_scored and tuple(shape[1:]) != (task.size,):
            raise ValueError(
                f"The output `{task.name}` must have shape (batch, {task.size}). "
                f"Received: {shape}. Change the layer of the head, or the task."
            )


def check_unknown(kind: type, unknown: Collection[str]) -> None:
    """Raises TypeError if a model was given arguments that it does not have.

    Args:
        kind: The class of the model.
        unknown: The names of these arguments.
    """
    if unknown:
        found = inspect.signature(kind).parameters.values()
        names = [each.name for each in found if each.kind is not each.VAR_KEYWORD]
        known = dict.fromkeys([*names, "name", "trainable"])
        raise TypeError(
            f"`{kind.__name__}` has no arguments {sorted(unknown)}. It has: "
            f"{', '.join(known)}."
        )


def given_classes(kind: type, arguments: Sequence, keywords: Mapping) -> tuple | None:
    """The emotions that the constructor of a model is called with.

    Args:
        kind: The class of the model.
        arguments: The positional arguments.
        keywords: The others.

    Returns:
        They need not be the classes of the main task. None if the constructor takes
        none.
    """
    try:
        bound = inspect.signature(kind).bind(*arguments, **keywords)
    except TypeError:  # which the constructor will raise
        return None
    found = bound.arguments.get("classes")
    return tuple(found) if isinstance(found, Sequence) else None


def check_argument_names(arguments: Mapping, taken: Collection[str]) -> None:
    """Raises ValueError if an argument is called like an attribute of every model.

    Args:
        arguments: The arguments of a model that become its attributes.
        taken: Names of attributes. `mask_padding` may be set.
    """
    wrong = sorted(set(arguments) & set(taken) - {"mask_padding"})
    if wrong:
        raise ValueError(
            "`arguments` become attributes of a model, and must not be called like "
            f"those that every model has. Received: {wrong}. Choose other names, such "
            f"as `n_{wrong[0]}`."
        )


def check_backend(model: str, backends: Sequence[str]) -> None:
    """Raises ValueError unless a model can be trained on the present backend.

    Args:
        model: The name of the model's class.
        backends: The backends that it supports.
    """
    found = keras.backend.backend()
    if found not in backends:
        raise ValueError(
            f"`{model}` can be trained on the Keras backends {list(backends)} only. "
            f"Received: {found}. Set KERAS_BACKEND before Keras is imported."
        )


def optimizers_by_name(names: Sequence[str], given) -> dict:
    """The optimizers by name, in the order of the names.

    Args:
        names: The names of the optimizers that a model has.
        given: A mapping from these names, or a single optimizer if there is one name.

    Raises:
        ValueError: If the names differ.
    """
    if not isinstance(given, Mapping) and len(names) == 1:
        return {names[0]: given}
    if not isinstance(given, Mapping) or set(given) != set(names):
        received = list(given) if isinstance(given, Mapping) else given
        raise ValueError(
            f"`optimizer` must be a mapping from {list(names)} to optimizers. "
            f"Received: {received}. Give one optimizer per name."
        )
    return {name: given[name] for name in names}


def check_dimensions(dimensions: int, stages: int) -> None:
    """Raises ValueError unless all stages of an encoder can halve the dimensions."""
    if dimensions < 1 or dimensions % 2**stages:
        raise ValueError(
            f"`dimensions` must be a multiple of {2**stages}, because each of the "
            f"{stages} stages of the encoder halves them. Received: {dimensions}. "
            "They are those of the front-end: `n_mels` of `LogMel` and `FilterBank`, "
            "`n_bins` of `Spectrogram`."
        )


def check_sizes(stages: int, **sizes) -> None:
    """Raises ValueError unless there is one positive integer per stage."""
    for name, values in sizes.items():
        is_valid = isinstance(values, list | tuple) and len(values) == stages
        if not is_valid or any(type(each) is not int or each < 1 for each in values):
            raise ValueError(
                f"`{name}` must be {stages} positive integers. Received: {values!r}."
            )


def check_factor(**values) -> None:
    """Raises ValueError unless numbers are above 0 and up to 1."""
    expected = "a number above 0 and up to 1"
    check_numbers(expected, lambda value: 0 < value <= 1, **values)


def check_switches(kind: type, given: Mapping) -> None:
    """Raises ValueError unless arguments that are `bool` are True or False.

    Args:
        kind: The class of a model.
        given: Arguments of its constructor by name.
    """
    for name, parameter in inspect.signature(kind.__init__).parameters.items():
        is_switch = parameter.annotation is bool and name in given
        if is_switch and isinstance(parameter.default, bool):
            check_switch(**{name: given[name]})


def check_weights(**weights) -> None:
    """Raises ValueError unless the weights of losses are finite and not negative."""
    expected = "a finite number of at least 0"
    check_numbers(expected, lambda value: 0 <= value < math.inf, **weights)


def check_normalisations(
    normalisation: str, moments: str, filters, momentum: float | None
) -> None:
    """Raises ValueError unless a model can be normalised like this.

    Args:
        normalisation: `"batch"` or `"group"`.
        moments: Whose moments batch normalisation takes, `"all"` or `"labelled"`.
        filters: Numbers of channels that are normalised.
        momentum: The momentum of the moving moments of batch normalisation, if one is
            given.
    """
    check_normalisation(normalisation)
    if moments not in ("all", "labelled"):
        raise ValueError(
            f"`moments` must be 'all' or 'labelled'. Received: {moments!r}."
        )
    if normalisation == "group" and moments != "all":
        raise ValueError(
            "`moments` must be 'all' with group normalisation, which takes moments "
            f"over each utterance and not over a batch. Received: {moments!r}. Set "
            "normalisation='batch' to choose."
        )
    if normalisation == "group" and momentum is not None:
        raise ValueError(
            "`momentum` must be left out with group normalisation, which has no moving "
            f"moments. Received: {momentum!r}. Set normalisation='batch' to have them."
        )
    if normalisation == "group" and any(width % GROUPS for width in filters):
        raise ValueError(
            f"`filters` must be multiples of {GROUPS} with group normalisation, which "
            f"has {GROUPS} groups. Received: {tuple(filters)}. Change them, or set "
            "normalisation='batch'."
        )


def rows_of_moments(moments: str, labelled_rows: int | None) -> int | None:
    """The number of rows whose moments batch normalisation takes; None stands for all.

    Args:
        moments: `"all"` or `"labelled"`.
        labelled_rows: The number of labelled rows, which are the first of a batch.

    Raises:
        ValueError: If it is needed and not known.
    """
    if moments == "all":
        return None
    if labelled_rows is None:
        raise ValueError(
            "`moments='labelled'` needs `labelled_rows`, the number of labelled rows "
            "at the start of a training batch. Received: None. Pass the `batch` of the "
            "`Pipeline`."
        )
    check_positive(labelled_rows=labelled_rows)
    return labelled_rows


def check_types(augmentation: bool, augmentations: Sequence[str]) -> None:
    """Raises ValueError if an augmentation head has nothing to tell apart."""
    if augmentation and len(augmentations) < 2:
        raise ValueError(
            "The augmentation head needs two or more types to tell apart. Received: "
            f"{list(augmentations)}. Set augmentation=False in the arguments of the "
            "model, or augment the training speech."
        )
