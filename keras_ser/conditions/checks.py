"""Checks of the conditions of an experiment, before anything is computed."""

from collections.abc import Iterable

from keras_ser.conditions.condition import Condition
from keras_ser.conditions.registry import parse


def check(texts: Iterable[str], noise: str = "", classical: Iterable[str] = ()) -> None:
    """Checks that an experiment can be tested under conditions.

    Args:
        texts: The conditions of the experiment.
        noise: The name of its noise corpus, or an empty string.
        classical: The names of its systems without a network.

    Raises:
        ValueError: As `parse`; also if `clean` is not the first condition, if one is
            listed twice, or if one needs noise or a gradient that the experiment does
            not have.
    """
    found = [parse(text) for text in texts]
    names = [each.text for each in found]
    if not names or names[0] != "clean" or len(set(names)) < len(names):
        raise ValueError(
            "`conditions` must be `clean`, followed by other conditions, each of them "
            f"once. Received: {names}."
        )
    _check_noise(found, noise)
    attacking, classical = [each.text for each in found if each.is_attack], [*classical]
    if attacking and classical:
        raise ValueError(
            f"Conditions {attacking} follow the gradient of a network. Received: "
            f"systems {classical}, which have no network. Remove either the conditions "
            "or the systems."
        )


def check_training(texts: Iterable[str], noise: str = "") -> None:
    """Checks that a system can be trained under conditions.

    Args:
        texts: The conditions that the system is trained under.
        noise: The name of the experiment's noise corpus, or an empty string.

    Raises:
        ValueError: As `parse`; also if there is no condition, if one is listed twice,
            if one is an attack, or if one needs noise that the experiment does not
            have.
    """
    found = [parse(text) for text in texts]
    names = [each.text for each in found]
    if not names or len(set(names)) < len(names):
        raise ValueError(
            "`train_conditions` must be one or more conditions, each of them once. "
            f"Received: {names}."
        )
    attacking = [each.text for each in found if each.is_attack]
    if attacking:
        raise ValueError(
            "`train_conditions` must change the waveform: noise, gain, band or codec. "
            f"Received: {attacking}, which follow the gradient of a trained model. "
            "Remove them."
        )
    _check_noise(found, noise)


def _check_noise(found: list[Condition], noise: str) -> None:
    mixing = [each.text for each in found if each.mixes_noise]
    if mixing and not noise:
        raise ValueError(
            f"Conditions {mixing} mix in noise and need a noise corpus. Received: an "
            "experiment without one. Set `noise` to a corpus, such as `demand` or "
            "`noise`."
        )
