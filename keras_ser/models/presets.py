"""Sizes and normalisation of the convolutional encoder, by the name of the preset."""

from collections.abc import Mapping, Sequence
from typing import Any

PRESETS: dict[str, dict[str, Any]] = {
    "paper": {
        "filters": (32, 64, 64),
        "kernels": (7, 5, 3),
        "normalisation": "batch",
        "momentum": 0.99,
    },
    # docs/studies/reference.md says why.
    "small": {
        "filters": (16, 32, 32),
        "kernels": (7, 5, 3),
        "normalisation": "group",
        "momentum": 0.9,
    },
}


def check_preset(preset: str, presets: Mapping = PRESETS) -> None:
    """Raises ValueError unless there is a preset of this name."""
    if preset not in presets:
        raise ValueError(
            f"`preset` must be one of {sorted(presets)}. Received: {preset!r}."
        )


def sizes_of(
    preset: str, filters: Sequence[int] | None, kernels: Sequence[int] | None
) -> dict:
    """Filters and kernels per stage: the given ones, otherwise the preset's."""
    return chosen(PRESETS[preset], filters=filters, kernels=kernels)


def normalisation_of(
    preset: str,
    normalisation: str | None,
    momentum: float | None,
    presets: Mapping = PRESETS,
) -> dict:
    """The given normalisation and momentum, otherwise the preset's.

    There is no momentum with group normalisation.
    """
    usual = presets[preset]
    if normalisation is None:
        normalisation = usual["normalisation"]
    if normalisation == "batch" and momentum is None:
        momentum = usual["momentum"]
    return {"normalisation": normalisation, "momentum": momentum}


def chosen(preset: Mapping, **given) -> dict:
    """The given values; those of the preset in place of None."""
    return {
        name: preset[name] if value is None else value for name, value in given.items()
    }
