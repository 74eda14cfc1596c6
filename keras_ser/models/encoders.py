"""The two types of encoders, one of which fits the features of a front-end."""

from collections.abc import Mapping, Sequence
from typing import Any

from keras_ser.models import blocks, checks, frame_blocks
from keras_ser.models.presets import PRESETS, chosen
from keras_ser.utils.choices import check_choice

BANDS, FRAMES = "bands", "frames"
PARTS = {BANDS: blocks, FRAMES: frame_blocks}  # functions of the same names
# Two stages make steps of 80 ms of frames of 20 ms. No paper has such an encoder: both
# sizes are our choice.
FRAME_SIZES: dict[str, dict[str, Any]] = {
    "paper": {"filters": (256, 256), "kernels": (3, 3)},
    "small": {"filters": (128, 128), "kernels": (3, 3)},
}
SIZES: dict[str, Mapping] = {BANDS: PRESETS, FRAMES: FRAME_SIZES}


def sizes_of(
    encoder_type: str,
    preset: str,
    filters: Sequence[int] | None,
    kernels: Sequence[int] | None,
) -> dict:
    """Filters and kernels per stage: the given ones, otherwise the preset's."""
    return chosen(SIZES[encoder_type][preset], filters=filters, kernels=kernels)


def check_encoder(
    encoder_type: str,
    preset: str,
    dimensions: int,
    filters: Sequence[int] | None,
    kernels: Sequence[int] | None,
    input_layers: int,
) -> tuple[int, ...]:
    """Checks the arguments of an encoder, and returns its filters.

    Raises:
        ValueError: If the type is unknown, or no encoder can have these sizes.
    """
    check_choice("encoder_type", encoder_type, tuple(PARTS))
    sizes = sizes_of(encoder_type, preset, filters, kernels)
    stages = len(SIZES[encoder_type][preset]["filters"])
    if encoder_type == BANDS:
        checks.check_dimensions(dimensions, stages)
    elif isinstance(sizes["filters"], list | tuple):
        stages = max(1, len(sizes["filters"]))  # any number: time alone is halved
    checks.check_sizes(stages, **sizes)
    check_layers(input_layers, dimensions)
    if input_layers > 1 and encoder_type == BANDS:
        raise ValueError(
            "Layers of a pre-trained network need encoder_type='frames', as they have "
            f"no bands. Received: input_layers={input_layers}, "
            f"encoder_type={encoder_type!r}. Change one of them."
        )
    return sizes["filters"]


def check_layers(input_layers: int, dimensions: int) -> None:
    """Raises ValueError unless a frame can hold this number of layers."""
    checks.check_positive(dimensions=dimensions, input_layers=input_layers)
    if dimensions % input_layers:
        raise ValueError(
            "`input_layers`, the number of layers that each frame holds, must divide "
            f"`dimensions`. Received: input_layers={input_layers}, "
            f"dimensions={dimensions}. Take `layers` of the front-end."
        )
