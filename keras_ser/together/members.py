"""One training among several: what it needs, and what it leaves."""

import dataclasses
from pathlib import Path

import numpy as np

from keras_ser.callbacks import Schedule
from keras_ser.data.pipeline import Pipeline
from keras_ser.together.states import State


@dataclasses.dataclass
class Member:
    """One training among several.

    Args:
        data: Its pipeline.
        weights: The initial weights of its model, from `states.read_weights`.
        schedule: Its schedule, which has no `averaging`.
        folder: The folder of its unfinished run, for history and checkpoints.
        seed: The seed of dropout.
        sample: The numbers of the training utterances that initialise class centers.
    """

    data: Pipeline
    weights: State
    schedule: Schedule
    folder: Path
    seed: int
    sample: np.ndarray


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a training has left.

    Args:
        state: The state of the selected epoch, with the averages as its weights.
        history: One dictionary of logs per epoch.
        selected: The index of the selected epoch; None if no epoch could be selected.
    """

    state: State
    history: list[dict]
    selected: int | None
