"""One file an epoch, from which training goes on as if nothing had happened."""

import hashlib
import io
import json
import warnings
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from keras_ser.utils import files

NAME = "checkpoint.npz"
DIGEST = 16  # bytes behind the archive, whose own sums miss some damage


class Checkpoint(keras.callbacks.Callback):
    """Keeps the history, and after each epoch all that the next one depends on.

    `history.csv` has a row an epoch. `checkpoint.npz` holds the model's weights, the
    optimizer's variables with the learning rate, the schedule's memory with the
    best epoch's snapshot, and the history. It is one file, renamed when it is whole,
    so that these never disagree. What is a function of seed and epoch is not in it:
    order, augmentation and, by `ReseedEachEpoch`, dropout.

    An epoch whose loss is no finite number is in `history.csv` only.

    Args:
        folder: of the unfinished run.
        schedule: a `HalveAndRestore`. It may put back weights or end the training:
            this callback comes after it, last of all.
    """

    def __init__(self, folder, schedule):
        super().__init__()
        self.folder = Path(folder)
        self.schedule = schedule
        self.rows = []
        self.ended = False

    def resume(self, model) -> int:
        """Brings model, optimizer, schedule and history to the last complete epoch.

        A damaged checkpoint costs time only: it is dropped with a warning.

        Args:
            model: compiled, as at the beginning of the training.

        Raises:
            ValueError: the checkpoint is that of another model.

        Returns:
            The number of complete epochs; 0 without a checkpoint.
        """
        read = _read(self.folder / NAME)
        if read is None:
            return 0
        state, arrays = read
        model.optimizer.build(model.trainable_variables)
        expected, found = _description(model), state["variables"]
        if found != expected:
            raise ValueError(_of_another(self.folder, found, expected))
        _assign(model.weights, arrays["weights"])
        _assign(model.optimizer.variables, arrays["optimizer"])
        self.schedule.set_model(model)
        self.schedule.set_state(state["schedule"], arrays["kept"] or None)
        self.rows, self.ended = state["history"], state["ended"]
        self._write_history()
        return len(self.rows)

    def on_epoch_end(self, epoch, logs=None):
        self.rows.append({"epoch": epoch, **logs})
        is_last = epoch + 1 == self.params["epochs"]
        self.ended = is_last or self.model.stop_training
        self._write_history()
        if np.isfinite(logs["loss"]):
            self._write_checkpoint()

    def _write_history(self):
        frame = pd.DataFrame(self.rows)
        columns = ["epoch", *sorted(set(frame) - {"epoch"})]
        text = frame[columns].to_csv(index=False, na_rep="nan", lineterminator="\n")
        files.write_text(self.folder / "history.csv", text)

    def _write_checkpoint(self):
        groups = {
            "weights": self.model.weights,
            "optimizer": self.model.optimizer.variables,
            "kept": self.schedule.kept or [],
        }
        arrays = {
            f"{group} {place}": keras.ops.convert_to_numpy(value)
            for group, values in groups.items()
            for place, value in enumerate(values)
        }
        state = {
            "variables": _description(self.model),
            "schedule": self.schedule.get_state(),
            "history": self.rows,
            "ended": self.ended,
        }
        content = io.BytesIO()
        np.savez(content, state=json.dumps(state), **arrays)
        content = content.getvalue()
        with files.replacing(self.folder / NAME) as temporary:
            temporary.write_bytes(content + _digest(content))


def _read(path: Path):
    """State and groups of arrays; None without a file, or with a damaged one."""
    if not path.exists():
        return None
    content = path.read_bytes()
    content, digest = content[:-DIGEST], content[-DIGEST:]
    if _digest(content) != digest:
        warnings.warn(f"{path} is damaged: the run starts anew.", stacklevel=2)
        return None
    groups = {group: [] for group in ("weights", "optimizer", "kept")}
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        for name in archive.files:
            if name != "state":
                groups[name.split()[0]].append(archive[name])
        return json.loads(str(archive["state"])), groups


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=DIGEST).digest()


def _description(model) -> dict:
    """Name and shape of all variables; the optimizer's names count layers."""
    return {
        "weights": [[each.name, list(each.shape)] for each in model.weights],
        "optimizer": [list(each.shape) for each in model.optimizer.variables],
    }


def _assign(variables, arrays) -> None:
    for variable, value in zip(variables, arrays, strict=True):
        variable.assign(value)


def _of_another(folder: Path, found: dict, expected: dict) -> str:
    differing = [
        f"{one} instead of {other}"
        for group in expected
        for one, other in zip(found[group], expected[group], strict=False)
        if one != other
    ]
    counts = [{group: len(each[group]) for group in each} for each in (found, expected)]
    return (
        f"{folder / NAME} must hold the variables of this model. Received: "
        f"{differing[:1] or f'{counts[0]} instead of {counts[1]}'}. Go on with the "
        f"code that began the run, or delete {folder}."
    )
