"""Development scores of models that train together."""

from collections.abc import Mapping, Sequence

import jax
import numpy as np

from keras_ser.callbacks import dev_windows
from keras_ser.features import windows
from keras_ser.together.states import State
from keras_ser.together.steps import Steps


def row_batches(counts: Sequence[int], size: int) -> np.ndarray:
    """The numbers of the rows of each batch, up to the largest number of rows.

    Returns:
        int32 `(batches, size)`.
    """
    batches = -(-max(counts) // size)
    return np.arange(batches * size, dtype=np.int32).reshape(batches, size)


def padded_batches(parts: Sequence[Mapping], size: int) -> dict[str, np.ndarray]:
    """Rows of several models as batches of equal number and size.

    Args:
        parts: Arrays `(rows,)` by name, for each model.
        size: The rows per batch.

    Returns:
        Arrays `(models, batches, size)`, 0 after the end of a model's rows.
    """
    numbers = row_batches([len(part["utterance"]) for part in parts], size)
    result = {}
    for name, first in parts[0].items():
        found = np.zeros((len(parts), numbers.size), first.dtype)
        for place, part in zip(found, parts, strict=True):
            place[: len(part[name])] = part[name]
        result[name] = found.reshape(len(parts), *numbers.shape)
    return result


class DevScores:
    """What `callbacks.ScoreDevWindows` scores, for several models at once.

    Args:
        steps: The compiled functions.
        members: The pipelines of the models.
        first_only: Whether only the first window of an utterance counts.
    """

    def __init__(self, steps: Steps, members: Sequence, first_only: bool):
        self.steps = steps
        self._batch = members[0].batch
        self._owners, parts = [], []
        for data in members:
            frames = data.store.frames(data.store.paths(data.fold.dev))
            window = data.preprocessing.window
            starts = [windows.window_starts(count, window) for count in frames]
            starts = [each[:1] if first_only else each for each in starts]
            owners = np.repeat(np.arange(len(starts)), [*map(len, starts)])
            self._owners.append(owners)
            rows = {"utterance": owners, "start": np.concatenate(starts)}
            parts.append({name: np.int32(values) for name, values in rows.items()})
        self._rows = padded_batches(parts, self._batch)
        self._scored = [
            dev_windows.scored_tasks(data.tasks, data.fold.dev) for data in members
        ]

    def add_to(self, logs: Sequence[dict], state: State, bank, utterances) -> None:
        """Replaces the scores in the logs of every model.

        Args:
            logs: One dictionary of logs per model.
            state: The stacked state.
            bank, utterances: As for `Steps.outputs`, of the development speech.
        """
        heads = tuple(scored.name for scored in self._scored[0])
        found = self.steps.outputs(heads, state, bank, utterances, self._rows)
        found = jax.device_get(found)
        for number, (owners, scored) in enumerate(
            zip(self._owners, self._scored, strict=True)
        ):
            outputs = {}
            for name, values in found.items():
                values = values[number].reshape(self._rows["start"][0].size, -1)
                outputs[name] = windows.mean_over_windows(values[: len(owners)], owners)
            dev_windows.score(scored, outputs, logs[number])
