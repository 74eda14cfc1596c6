"""Checkpoints of models that train together, in the files of single trainings."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np

from keras_ser.backend.optimizers import MAIN
from keras_ser.callbacks import checkpoint
from keras_ser.together.slots import Slot
from keras_ser.together.states import Layout, State

OPTIMIZER = f"optimizer {MAIN}"


class Checkpoints:
    """Writes and reads `checkpoint.npz` in the folder of each training.

    The file is that of `callbacks.Checkpoint`, so that a training that was interrupted
    may resume alone or together with others.

    Args:
        layout: The layout of the states.
    """

    def __init__(self, layout: Layout):
        self.layout = layout
        shapes = [list(each.shape) for each in layout.pick_variables(layout.averaged)]
        averaging = SimpleNamespace(describe=lambda: [*shapes, []])
        self._described = checkpoint.describe_variables(
            layout.model, averaging if layout.averages else None
        )

    def write(
        self,
        folder: Path,
        state: State,
        kept: State | None,
        slot: Slot,
        history: list[dict],
        ended: bool,
    ) -> None:
        """Writes the checkpoint of one training.

        Args:
            folder: The folder of its unfinished run.
            state: Its state after the last epoch, as NumPy arrays.
            kept: Its best state, if the schedule keeps it.
            slot: Its slot.
            history: One dictionary of logs per epoch.
            ended: Whether it has ended.
        """
        layout, has_kept = self.layout, slot.schedule.kept is not None
        groups = {
            "weights": layout.pick(state, layout.weights),
            OPTIMIZER: state["optimizer"],
            "averages": self._averages(state),
            "kept": self._to_kept(kept) if has_kept else [],
        }
        told = {
            "variables": self._described,
            "schedule": slot.schedule.get_state(),
            "history": history,
            "ended": ended,
        }
        checkpoint.write(folder / checkpoint.FILE_NAME, told, groups)

    def read(
        self, folder: Path, state: State, slot: Slot
    ) -> tuple[State, State | None, list[dict], bool]:
        """Reads the checkpoint of one training, and resumes its schedule.

        Args:
            folder: The folder of its unfinished run.
            state: Its initial state.
            slot: Its slot.

        Returns:
            The state, the kept state or None, the history and whether the training
            has ended. Without a checkpoint they are the initial ones.

        Raises:
            ValueError: If the checkpoint belongs to another model.
        """
        content = checkpoint.read(folder / checkpoint.FILE_NAME)
        if content is None:
            return state, None, [], False
        told, arrays = content
        if told["variables"] != self._described:
            found = told["variables"]
            raise ValueError(
                checkpoint.describe_mismatch(folder, found, self._described)
            )
        layout, kept = self.layout, None
        state = layout.replaced(state, layout.weights, arrays["weights"])
        state["optimizer"] = list(arrays[OPTIMIZER])
        state = self._with_averages(state, arrays["averages"])
        if arrays["kept"]:
            kept = self._from_kept(state, arrays["kept"])
        slot.schedule.set_state(told["schedule"], Slot.KEPT if kept else None)
        slot.rate = layout.pick(state, [layout.rate])[0]
        checkpoint.write_history(folder, told["history"])
        return state, kept, told["history"], told["ended"]

    def _averages(self, state: State) -> list:
        if not self.layout.averages:
            return []
        return [*state["averages"], np.array(int(state["updates"]))]

    def _with_averages(self, state: State, arrays: list) -> State:
        if not arrays:
            return state
        *averages, updates = arrays
        return {**state, "averages": averages, "updates": np.float32(updates)}

    def _to_kept(self, kept: State) -> list:
        places = [*self.layout.weights, *self.layout.optimizer_state]
        return [*self.layout.pick(kept, places), *self._averages(kept)]

    def _from_kept(self, state: State, arrays: list) -> State:
        places = [*self.layout.weights, *self.layout.optimizer_state]
        state = self.layout.replaced(state, places, arrays[: len(places)])
        return self._with_averages(state, arrays[len(places) :])
