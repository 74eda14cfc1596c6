"""A checkpoint per epoch, from which an interrupted training resumes exactly."""

import collections
import hashlib
import io
import json
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from keras_ser.backend.optimizers import build_optimizers, optimizers_of
from keras_ser.callbacks.schedule import Schedule
from keras_ser.utils import files

FILE_NAME = "checkpoint.npz"
DIGEST_BYTES = 16  # at the end of the file; the checksums of zip miss some damage


class Checkpoint(keras.callbacks.Callback):
    """Writes the history and, after each epoch, everything the next one depends on.

    `history.csv` has one row per epoch. `checkpoint.npz` holds the weights of the
    model and their averages, the variables of each optimizer with its learning rate,
    the state of the schedule with the snapshot of the best epoch, and the history. It
    is a single file, renamed once it is complete, so that these parts always belong to
    the same epoch. It does not hold what follows from seed and epoch: the order of the
    utterances, the augmentation and, with `ReseedEachEpoch`, dropout.

    An epoch whose loss is not finite is written to `history.csv` only.

    Args:
        folder: Folder of the unfinished run.
        schedule: The `Schedule` of the training, with its `averaging` if weights are
            averaged. It may restore weights or stop the training, so this callback has
            to come after it, at the end of the list of callbacks.

    Attributes:
        rows: The history, one dictionary of logs per epoch.
        ended: Whether the training is complete or was stopped by a callback.

    Example:

    >>> checkpoint = Checkpoint("runs/toy.partial", schedule)
    >>> first = checkpoint.resume(model)
    >>> model.fit(data.train(first, 20), steps_per_epoch=data.steps, epochs=20,
    ...           initial_epoch=first, validation_data=data.dev(),
    ...           callbacks=[ReseedEachEpoch(0), schedule, checkpoint])
    """

    def __init__(self, folder: str | Path, schedule: Schedule):
        super().__init__()
        self.folder = Path(folder)
        self.schedule = schedule
        self.rows = []
        self.ended = False

    def resume(self, model: keras.Model) -> int:
        """Restores model, optimizers, schedule and history of the last complete epoch.

        A damaged checkpoint costs nothing but time: it is ignored with a warning.

        Args:
            model: The model, compiled as at the start of the training.

        Returns:
            The number of complete epochs; 0 without a checkpoint.

        Raises:
            ValueError: If the checkpoint belongs to a different model.
        """
        content = read(self.folder / FILE_NAME)
        if content is None:
            return 0
        state, arrays = content
        build_optimizers(model)
        self.schedule.set_model(model)
        averaging = self.schedule.averaging
        if averaging:
            averaging.set_model(model)
        expected, found = describe_variables(model, averaging), state["variables"]
        if found != expected:
            raise ValueError(describe_mismatch(self.folder, found, expected))
        for group, variables in _variables(model).items():
            _assign(variables, arrays[group])
        if averaging:
            averaging.restore(arrays["averages"])
        self.schedule.set_state(state["schedule"], arrays["kept"] or None)
        self.rows, self.ended = state["history"], state["ended"]
        self._write_history()
        return len(self.rows)

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 0:  # an earlier training may have left some
            self.rows = []

    def on_epoch_end(self, epoch, logs=None):
        self.rows.append({"epoch": epoch, **logs})
        is_last = epoch + 1 == self.params["epochs"]
        self.ended = is_last or self.model.stop_training
        self._write_history()
        if np.isfinite(logs["loss"]):
            self._write_checkpoint()

    def _write_history(self):
        write_history(self.folder, self.rows)

    def _write_checkpoint(self):
        averaging = self.schedule.averaging
        groups = {
            **_variables(self.model),
            "averages": averaging.snapshot() if averaging else [],
            "kept": self.schedule.kept or [],
        }
        state = {
            "variables": describe_variables(self.model, averaging),
            "schedule": self.schedule.get_state(),
            "history": self.rows,
            "ended": self.ended,
        }
        write(self.folder / FILE_NAME, state, groups)


def write_history(folder: Path, rows: list[dict]) -> None:
    """Writes the history of a training to `history.csv`, one row per epoch."""
    frame = pd.DataFrame(rows)
    columns = ["epoch", *sorted(set(frame) - {"epoch"})]
    text = frame[columns].to_csv(index=False, na_rep="nan", lineterminator="\n")
    files.write_text(folder / "history.csv", text)


def write(path: Path, state: dict, groups: Mapping[str, Iterable]) -> None:
    """Writes a checkpoint.

    Args:
        path: The file.
        state: JSON values: `variables`, the description of the groups of the model and
            its optimizers and of the averages, `schedule`, `history` and `ended`.
        groups: Arrays or variables: the `weights`, `optimizer <name>` of each
            optimizer, the `averages` with the number of their updates, and what the
            schedule has `kept`.
    """
    arrays = {
        f"{group} {index}": keras.ops.convert_to_numpy(value)
        for group, values in groups.items()
        for index, value in enumerate(values)
    }
    content = io.BytesIO()
    np.savez(content, state=json.dumps(state), **arrays)
    with files.replacing(path) as temporary, temporary.open("wb") as file:
        for part in (content.getbuffer(), _digest(content.getbuffer())):
            file.write(part)


def read(path: Path) -> tuple[dict, Mapping[str, list[np.ndarray]]] | None:
    """Reads what `write` wrote; None if there is no file or it is damaged."""
    if not path.exists():
        return None
    content = path.read_bytes()
    content, digest = content[:-DIGEST_BYTES], content[-DIGEST_BYTES:]
    if _digest(content) != digest:
        message = f"{path} is damaged. The run restarts from its first epoch."
        warnings.warn(message, stacklevel=2)
        return None
    groups = collections.defaultdict(list)
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        for name in archive.files:
            if name != "state":
                groups[name.rpartition(" ")[0]].append(archive[name])
        return json.loads(str(archive["state"])), groups


def _digest(content: bytes | memoryview) -> bytes:
    return hashlib.blake2b(content, digest_size=DIGEST_BYTES).digest()


def _variables(model: keras.Model) -> dict[str, list]:
    """The variables of the model and of each of its optimizers, by group."""
    states = {
        f"optimizer {name}": optimizer.variables
        for name, optimizer in optimizers_of(model).items()
    }
    return {"weights": model.weights, **states}


def describe_variables(model: keras.Model, averaging) -> dict:
    """Names and shapes of the weights, and shapes of all other variables.

    The names of the optimizers' variables are left out. They contain numbered layer
    names, which depend on the models that the process has built before.
    """
    shapes = {
        group: [list(each.shape) for each in variables]
        for group, variables in _variables(model).items()
    }
    names = [each.name for each in model.weights]
    weights = [list(pair) for pair in zip(names, shapes["weights"], strict=True)]
    averages = averaging.describe() if averaging else []
    return {**shapes, "weights": weights, "averages": averages}


def _assign(variables, arrays) -> None:
    for variable, value in zip(variables, arrays, strict=True):
        variable.assign(value)


def describe_mismatch(folder: Path, found: dict, expected: dict) -> str:
    groups = [each for each in expected if found.get(each) != expected[each]]
    group = groups[0] if groups else sorted(set(found) - set(expected))[0]
    one, other = found.get(group, []), expected.get(group, [])
    differing = [
        f"{each} instead of {wanted}"
        for each, wanted in zip(one, other, strict=False)
        if each != wanted
    ]
    counts = f"{len(one)} variables instead of {len(other)}"
    return (
        f"{folder / FILE_NAME} must hold the variables of this model. Received for "
        f"`{group}`: {differing[:1] or counts}. Resume with the code and the settings "
        f"that started the run, or delete {folder}."
    )
