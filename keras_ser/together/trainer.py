"""Trains several models of one architecture at the same time."""

import time
from collections.abc import Callable, Iterable, Sequence

import jax
import keras
import numpy as np

from keras_ser.backend.optimizers import rate_of
from keras_ser.callbacks import checkpoint, seeds
from keras_ser.data.assembly import (
    Assembler,
    FeatureBank,
    entry_paths,
    stacked,
    utterance_arrays,
)
from keras_ser.together import centers
from keras_ser.together.checkpoints import Checkpoints
from keras_ser.together.development import DevScores, row_batches
from keras_ser.together.members import Member, Outcome
from keras_ser.together.memory import check_memory
from keras_ser.together.placement import Placement
from keras_ser.together.preparation import batch_frames, build_variables
from keras_ser.together.slots import Slot
from keras_ser.together.states import Layout, State, stack, take
from keras_ser.together.steps import EMBEDDING, Steps

MAX_CHECKPOINT_SHARE = 0.1  # of the time between two checkpoints


class Trainer:
    """Trains models of the same architecture, schedule and shape of a batch.

    The models may have different training speech, seeds and numbers of steps per epoch.
    Each one ends as it would have ended alone, up to rounding. A model that has ended
    is not updated while the others continue.

    Args:
        model: A compiled model of the architecture, whose weights do not matter.
        members: The trainings.
        epochs: The largest number of epochs.
        decay: The decay of the averages of the weights; 0 if there are none.
        scores_windows: None if the scores of Keras are those of the development
            utterances. Otherwise, whether only the first window of each counts.
        validated: The epochs with development scores of all heads, counted from 1. By
            default, these are all epochs.
        convolutions: See `backend.stacking`.
        devices: The number of devices that the models are divided among.
        progress: Is called after each epoch with the number of epochs that all
            trainings have completed together.
    """

    def __init__(
        self,
        model: keras.Model,
        members: Sequence[Member],
        epochs: int,
        decay: float,
        scores_windows: bool | None = None,
        validated: Iterable[int] | None = None,
        convolutions: str = "products",
        devices: int = 1,
        progress: Callable[[int], None] | None = None,
    ):
        self.members = list(members)
        self.epochs = epochs
        every = range(1, epochs + 1)
        self.validated = set(every if validated is None else validated)
        self.progress = progress or (lambda done: None)
        self.placement = Placement(devices)
        pipelines = [member.data for member in self.members]
        first = pipelines[0]
        paths = [path for data in pipelines for path in entry_paths(data)]
        bank = FeatureBank(first.store, paths)
        assembler = Assembler(first, batch_frames(pipelines, model))
        build_variables(model, assembler, bank)
        self.layout = layout = Layout(model, bool(decay))
        self.steps = Steps(layout, assembler, decay, convolutions)
        self._bank = self.placement.shared(bank.frames)
        self._train = self._arrays(bank, [d.training_table for d in pipelines])
        self._dev = self._arrays(bank, [d.fold.dev for d in pipelines])
        counts = [len(data.fold.dev) for data in pipelines]
        self._dev_counts = self.placement.stacked(np.int32(counts))
        self._dev_batches = self.placement.shared(row_batches(counts, first.batch))
        self._scores = (
            None
            if scores_windows is None
            else DevScores(self.steps, pipelines, scores_windows)
        )
        rate = rate_of(model.optimizer)
        self.slots = [Slot(each.schedule, rate, epochs) for each in self.members]
        self.checkpoints = Checkpoints(layout)
        self._plans: list = [None] * len(self.members)
        self._compiled = None
        self._since, self._writing = time.monotonic(), 0.0

    def _arrays(self, bank: FeatureBank, tables: Sequence) -> dict:
        """The arrays of a table of each member, stacked on the devices."""
        parts = [
            utterance_arrays(member.data, bank, table, len(member.data.fold.train))
            if table is member.data.training_table
            else utterance_arrays(member.data, bank, table, len(table))
            for member, table in zip(self.members, tables, strict=True)
        ]
        return self.placement.stacked(stacked(parts))

    def run(self) -> list[Outcome]:
        """Trains all models, from their checkpoints if there are any.

        Returns:
            The outcomes, in the order of the members.

        Raises:
            TooManyModels: If the devices have too little memory. Nothing has been
                trained then.
            ValueError: If a checkpoint belongs to another model.
        """
        self._resume()
        for slot in self.slots:
            slot.schedule.on_train_begin()
        while not all(self._ended):
            self._run_epoch()
        for slot in self.slots:
            slot.clear()
            slot.schedule.on_train_end()
        self._restore()
        return self._outcomes()

    def outputs(self, head: str, rows: dict) -> np.ndarray:
        """The outputs of a head for development rows, after the training.

        Args:
            head: The name of the head.
            rows: Rows of plans, `(models, batches, rows)`.

        Returns:
            `(models, batches, rows, size)`.
        """
        rows = self._put(rows)
        found = self.steps.outputs((head,), self._state, self._bank, self._dev, rows)
        return jax.device_get(found)[head]

    # === Start and end ===

    def _resume(self) -> None:
        found = [
            self.checkpoints.read(
                member.folder, self.layout.initial(member.weights), slot
            )
            for member, slot in zip(self.members, self.slots, strict=True)
        ]
        states, kept, self._history, self._ended = map(list, zip(*found, strict=True))
        self._state = self.placement.stacked(stack(states))
        kept = [s if k is None else k for s, k in zip(states, kept, strict=True)]
        self._kept = self.placement.stacked(stack(kept)) if self._keeps() else None
        self._initialise_centers([not history for history in self._history])

    def _keeps(self) -> bool:
        schedule = self.members[0].schedule
        return schedule.restores or schedule.select == "best"

    def _outcomes(self) -> list[Outcome]:
        state = jax.device_get(self._state)
        return [
            Outcome(
                self.layout.tested(take(state, number)),
                self._history[number],
                member.schedule.best_epoch,
            )
            for number, member in enumerate(self.members)
        ]

    def _initialise_centers(self, is_new: Sequence[bool]) -> None:
        """Starts the class centers of new models, and the averages after it."""
        tasks = centers.center_tasks(self.members[0].data.tasks)
        if not tasks or not any(is_new):
            return
        samples = [member.sample for member in self.members]
        rows = centers.sample_rows(samples, self.members[0].data.batch)
        found = self.steps.outputs(
            (EMBEDDING,), self._state, self._bank, self._train, self._put(rows)
        )
        embeddings = jax.device_get(found[EMBEDDING])
        values = jax.device_get(self._state)
        for number, member in enumerate(self.members):
            if is_new[number]:
                table = member.data.fold.train.iloc[member.sample]
                centers.initialise(
                    self.layout, values, number, tasks, table, embeddings[number]
                )
        self._state = self.placement.stacked(values)

    # === Epochs ===

    def _run_epoch(self) -> None:
        numbers = [n for n, ended in enumerate(self._ended) if not ended]
        self._begin_epoch(numbers)
        self._state, trained = self._train_epoch(*self._rows(numbers))
        logs = self._logs(jax.device_get(trained))
        self._validate(numbers, logs)
        if self._scores:
            self._scores.add_to(logs, self._state, self._bank, self._dev)
        for number in numbers:
            self._end_epoch(number, logs[number])
        self._keep()
        self._restore()
        self._set_rates()
        self._write_checkpoints(numbers)
        self.progress(sum(map(len, self._history)))

    def _train_epoch(self, rows: dict, active) -> tuple[State, dict]:
        given = self._state, self._bank, self._train, rows, active
        if self._compiled is None:
            self._compiled = self.steps.epoch.lower(*given).compile()
            check_memory(self._compiled, len(self.members), self.placement.devices)
        return self._compiled(*given)

    def _begin_epoch(self, numbers: Sequence[int]) -> None:
        """Sets seeds, the weights of attributes, and learning rates."""
        layout = self.layout
        seeds_of = {
            layout.place(each.state): index
            for index, each in enumerate(seeds.seed_generators(layout.model))
        }
        places = [*seeds_of]
        arrays = [np.array(x) for x in jax.device_get(layout.pick(self._state, places))]
        for number in numbers:
            slot, epoch = self.slots[number], len(self._history[number])
            slot.clear()
            slot.schedule.on_epoch_begin(epoch)
            for array, index in zip(arrays, seeds_of.values(), strict=True):
                seed = self.members[number].seed
                array[number] = seeds.state_of(seed, epoch, index)
        self._state = layout.replaced(self._state, places, self._put(arrays))
        self._set_alpha(numbers)
        self._set_rates()

    def _set_alpha(self, numbers: Iterable[int]) -> None:
        """Sets the weights of attributes, as `callbacks.SetAlpha` does."""
        layout, model = self.layout, self.layout.model
        places = [layout.place(each) for each in model.alpha_variables]
        if not places:
            return
        arrays = [np.array(x) for x in jax.device_get(layout.pick(self._state, places))]
        for number in numbers:
            alpha = model.alpha_at(len(self._history[number]), self.epochs)
            for array, weight in zip(arrays, model.alpha_weights(alpha), strict=True):
                array[number] = weight
        self._state = layout.replaced(self._state, places, self._put(arrays))

    def _rows(self, numbers: Iterable[int]) -> tuple[dict, np.ndarray]:
        """The plans of the coming epochs, and which models do which steps."""
        running, parts = set(numbers), []
        for number, member in enumerate(self.members):
            if self._plans[number] is None:
                self._plans[number] = member.data.plan(0, self.epochs)
            epoch = min(len(self._history[number]), self.epochs - 1)
            parts.append(self._plans[number][epoch].arrays())
        counts = np.array([len(part["utterance"]) for part in parts])
        active = np.arange(counts.max()) < counts[:, None]
        active &= np.array([number in running for number in range(len(parts))])[:, None]
        return self._put(stacked(parts)), self._put(active)

    def _put(self, arrays):
        return self.placement.stacked(arrays)

    def _validate(self, numbers: Iterable[int], logs: Sequence[dict]) -> None:
        """Adds the development scores of all heads to the logs of models at their turn.

        Models that resumed from different epochs have different turns.
        """
        due = [n for n in numbers if len(self._history[n]) + 1 in self.validated]
        if not due:
            return
        found = self.steps.evaluate(
            self._state, self._bank, self._dev, self._dev_counts, self._dev_batches
        )
        for number, own in enumerate(self._logs(jax.device_get(found))):
            if number in due:
                logs[number] |= {f"val_{name}": value for name, value in own.items()}

    def _logs(self, values: dict) -> list[dict]:
        """The values of each model by name, from one array per name."""
        return [
            {name: float(array[number]) for name, array in values.items()}
            for number in range(len(self.members))
        ]

    def _end_epoch(self, number: int, logs: dict) -> None:
        slot, history = self.slots[number], self._history[number]
        epoch, model = len(history), self.layout.model
        if model.alpha_variables:
            logs["alpha"] = model.alpha_at(epoch, self.epochs)
        slot.schedule.on_epoch_end(epoch, logs)
        history.append({"epoch": epoch, **logs})
        is_finite = np.isfinite(logs["loss"])
        is_last = len(history) == self.epochs
        self._ended[number] = is_last or slot.stop_training or not is_finite

    def _keep(self) -> None:
        keeps = np.array([slot.keeps for slot in self.slots])
        if self._kept is not None and keeps.any():
            self._kept = self.steps.select(self._put(keeps), self._state, self._kept)

    def _restore(self) -> None:
        """Returns models to their best epochs, except for rates and seeds."""
        restores = np.array([slot.restores for slot in self.slots])
        if self._kept is None or not restores.any():
            return
        layout = self.layout
        rate = layout.pick(self._state, [layout.rate])
        found = self.steps.select(self._put(restores), self._kept, self._state)
        self._state = layout.replaced(found, [layout.rate], rate)

    def _set_rates(self) -> None:
        """Gives the optimizers the rates that the schedules have set."""
        rates = self._put(np.float32([slot.rate for slot in self.slots]))
        self._state = self.layout.replaced(self._state, [self.layout.rate], [rates])

    # === Files ===

    def _write_checkpoints(self, numbers: Sequence[int]) -> None:
        """Writes history and checkpoints, unless that would take much of the time.

        Trainings whose epochs are short are not worth more than a tenth of their time
        for checkpoints. They are always written when a training ends.
        """
        started = time.monotonic()
        is_due = started - self._since >= self._writing / MAX_CHECKPOINT_SHARE
        due = [n for n in numbers if is_due or self._ended[n]]
        if not due:
            return
        state = jax.device_get(self._state)
        kept = None if self._kept is None else jax.device_get(self._kept)
        for number in due:
            history = self._history[number]
            folder = self.members[number].folder
            checkpoint.write_history(folder, history)
            if np.isfinite(history[-1]["loss"]):
                self.checkpoints.write(
                    folder,
                    take(state, number),
                    None if kept is None else take(kept, number),
                    self.slots[number],
                    history,
                    self._ended[number],
                )
        if is_due:
            self._since = time.monotonic()
            self._writing = self._since - started
