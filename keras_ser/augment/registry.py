"""The augmentations by name, and how names become instances."""

import inspect
from collections.abc import Iterable, Mapping

from keras_ser.augment.mixup import Mixup
from keras_ser.augment.specaugment import SpecAugment
from keras_ser.augment.speed import SpeedPerturbation
from keras_ser.utils.choices import check_choice

NONE = "none"


AUGMENTATIONS = {
    augmentation.name: augmentation
    for augmentation in (SpeedPerturbation, SpecAugment, Mixup)
}


def instances(identifiers: Iterable | Mapping[str, Mapping]) -> tuple:
    """Builds augmentations from identifiers.

    Args:
        identifiers: Names and instances of augmentations, or a mapping from names to
            dictionaries of their arguments.

    Returns:
        The augmentations, in the same order.

    Raises:
        ValueError: A name or an argument is unknown, or two augmentations have the same
            name. Names are the classes of the augmentation head, so they must differ.
    """
    if isinstance(identifiers, str):
        raise ValueError(
            "Augmentations must be several names, or a mapping from names to arguments."
            f" Received: the text {identifiers!r}. Write ({identifiers!r},)."
        )
    if isinstance(identifiers, Mapping):
        made = [_make(name, given) for name, given in identifiers.items()]
    else:
        made = [get(identifier) for identifier in identifiers]
    names = [each.name for each in made]
    if len(set(names)) < len(names):
        raise ValueError(f"Augmentations must have different names. Received: {names}.")
    return tuple(made)


def _make(name: str, arguments: Mapping):
    kind = _look_up(name)
    try:
        return kind(**arguments)
    except TypeError as error:
        known = list(inspect.signature(kind).parameters)
        raise ValueError(
            f"Augmentation `{name}` takes the arguments {known}. Received: "
            f"{dict(arguments)}."
        ) from error


def types(identifiers: Iterable | Mapping[str, Mapping]) -> tuple[str, ...]:
    """Returns the classes of the augmentation head: `none`, then the names.

    Args:
        identifiers: As for `instances`.
    """
    return (NONE, *(each.name for each in instances(identifiers)))


def get(identifier):
    """Returns the augmentation with this name, or the instance that was given.

    Raises:
        ValueError: The name is unknown.
    """
    if not isinstance(identifier, str):
        return identifier
    return _look_up(identifier)()


def _look_up(name: str) -> type:
    check_choice("augmentation", name, sorted(AUGMENTATIONS))
    return AUGMENTATIONS[name]
