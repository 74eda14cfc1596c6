"""What the front-end of an experiment means for the models that read it."""

import inspect
from collections.abc import Mapping
from typing import Any

from keras_ser.features import FrontEnd
from keras_ser.features.contract import count_layers, is_ordered

BANDS, FRAMES = "bands", "frames"  # types of `models.encoders`


def front_end_arguments(front_end: FrontEnd) -> dict[str, Any]:
    """Returns the arguments of models that follow from a front-end.

    Args:
        front_end: The front-end.

    Returns:
        `dimensions`, `input_layers` and `encoder_type`, which models take or not.
    """
    return {
        "dimensions": front_end.dimensions,
        "input_layers": count_layers(front_end),
        "encoder_type": BANDS if is_ordered(front_end) else FRAMES,
    }


def check_reading(
    where: str, model: type, arguments: Mapping, front_end: FrontEnd
) -> None:
    """Raises an error if a model would take unordered dimensions for bands.

    Args:
        where: The path of the system in the config, for the message.
        model: The class of the model.
        arguments: The arguments of the model that the config gives.
        front_end: The front-end.

    Raises:
        ValueError: If the model slides a kernel over the dimensions of a frame, and
            these are in no order.
    """
    if is_ordered(front_end):
        return
    has_choice = "encoder_type" in inspect.signature(model).parameters
    if has_choice and arguments.get("encoder_type") == BANDS:
        remedy = f"Leave `{where}.arguments.encoder_type` out"
    elif model.reads_bands:
        remedy = "Use MTLAug or AttributeCNNLSTM, or a front-end of bands"
    else:
        return
    raise ValueError(
        f"`{where}`: {model.__name__} takes the dimensions of a frame for neighbouring "
        f"bands. Received: the front-end `{type(front_end).__name__}`, whose "
        f"dimensions are in no order. {remedy}."
    )
