"""One epoch and one evaluation of several models, as compiled functions."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import keras

from keras_ser.backend.stacking import stacking
from keras_ser.data.assembly import Assembler
from keras_ser.together.states import Layout, State, select

EMBEDDING = "embedding"  # stands for the embedding among the names of heads


class Steps:
    """The training and the evaluation of stacked models.

    An epoch is a loop over its steps. Each step assembles a batch per model, and
    applies the training step of Keras to all models at once (`jax.vmap`).

    Args:
        layout: The layout of the states.
        assembler: Makes the batches of one model.
        decay: The decay of the averages of the weights; 0 if there are none.
        convolutions: How convolutions are computed; see `backend.stacking`.
    """

    def __init__(
        self,
        layout: Layout,
        assembler: Assembler,
        decay: float = 0.0,
        convolutions: str = "products",
    ):
        self.layout = layout
        self.model = layout.model
        self.assembler = assembler
        self.decay = decay
        self.convolutions = convolutions
        self.model.reset_metrics()
        self._zeros = [each.value for each in self.model.metrics_variables]
        self._trackers = _tracker_places(self.model)
        self.epoch = self._traced(self._epoch, donate_argnums=0)
        self.evaluate = self._traced(self._evaluate)
        self.outputs = self._traced(self._outputs, static_argnums=0)
        self.select = jax.jit(select)

    def _traced(self, function: Callable, **options) -> "_Traced":
        return _Traced(jax.jit(function, **options), self.convolutions)

    # === Training ===

    def _epoch(
        self, state: State, bank, utterances: Mapping, rows: Mapping, active
    ) -> tuple[State, dict[str, Any]]:
        """Trains all models for one epoch.

        Args:
            state: The stacked state, whose memory is used again.
            bank: All features, see `FeatureBank`.
            utterances: From `assembly.utterance_arrays`, stacked.
            rows: Arrays of the plans, `(models, steps, rows)`.
            active: Which models do which steps, bool `(models, steps)`.

        Returns:
            The stacked state, and the logs of Keras, each `(models,)`.
        """

        def step(carry, now):
            rows, active = now
            one = jax.vmap(self._step, in_axes=(0, None, 0, 0))
            return select(active, one(carry, bank, utterances, rows), carry), None

        steps_first = jax.tree.map(lambda x: jnp.swapaxes(x, 0, 1), (rows, active))
        carry = {**state, "metrics": self._initial_metrics(len(active))}
        carry, _ = jax.lax.scan(step, carry, steps_first)
        logs = jax.vmap(self._logs)(carry.pop("metrics"))
        return carry, logs

    def _step(self, state: State, bank, utterances: Mapping, rows: Mapping) -> State:
        """One update of one model."""
        batch = self.assembler.training(bank, utterances, rows)
        names = ("trainable", "non_trainable", "optimizer", "metrics")
        _, new = self.model.train_step(tuple(state[name] for name in names), batch)
        state = {**state, **dict(zip(names, map(list, new), strict=True))}
        return self._averaged(state) if self.decay else state

    def _averaged(self, state: State) -> State:
        """Moves the averages, as `callbacks.AverageWeights` does."""
        count = state["updates"]
        decay = jnp.minimum(self.decay, (1 + count) / (10 + count))
        weights = self.layout.pick(state, self.layout.averaged)
        averages = [
            decay * average + (1 - decay) * weight
            for average, weight in zip(state["averages"], weights, strict=True)
        ]
        return {**state, "averages": averages, "updates": count + 1}

    # === Evaluation ===

    def _evaluate(self, state: State, bank, utterances: Mapping, counts, batches):
        """The logs of the validation of Keras, each `(models,)`.

        Args:
            state: The stacked state, whose averages are validated if there are any.
            bank: As for `_epoch`.
            utterances: From `assembly.utterance_arrays`, stacked.
            counts: The number of utterances of each model, int32 `(models,)`.
            batches: The numbers of the rows of each batch, int32 `(batches, rows)`.
        """
        state = self.layout.tested(state)

        def step(metrics, numbers):
            one = jax.vmap(self._test_step, in_axes=(0, 0, None, 0, None, 0))
            return one(state, metrics, bank, utterances, numbers, counts), None

        metrics = self._initial_metrics(len(counts))
        metrics, _ = jax.lax.scan(step, metrics, batches)
        return jax.vmap(self._logs)(metrics)

    def _test_step(self, state, metrics, bank, utterances, numbers, count):
        """The metrics of one model after another batch.

        The last batch of Keras has fewer rows. Here it is filled up with rows of weight
        0, and the means of losses, which count rows, are corrected.
        """
        counts = jnp.where(numbers < count, 1.0, 0.0)
        batch = self.assembler.unaugmented(bank, utterances, numbers, counts)
        given = (state["trainable"], state["non_trainable"], metrics)
        _, (_, _, new) = self.model.test_step(given, batch)
        share = jnp.mean(counts)
        new = [
            old + share * (value - old) if number in self._trackers else value
            for number, (old, value) in enumerate(zip(metrics, new, strict=True))
        ]
        has_rows = share > 0
        return [
            jnp.where(has_rows, value, old)
            for old, value in zip(metrics, new, strict=True)
        ]

    def _outputs(self, heads, state: State, bank, utterances, rows: Mapping) -> dict:
        """Outputs of heads for augmented rows, or for windows of utterances.

        Args:
            heads: Names of heads, and `EMBEDDING`, a tuple.
            state: The stacked state, whose averages are used if there are any.
            bank, utterances: As for `_epoch`.
            rows: Arrays of plans, `(models, batches, rows)`. For windows of unaugmented
                speech, they are only `utterance` and `start`.

        Returns:
            Arrays `(models, batches, rows, …)` by name.
        """
        state = self.layout.tested(state)
        one = jax.vmap(self._outputs_of_batch, in_axes=(None, 0, None, 0, 0))

        def step(_, rows):
            return None, one(heads, state, bank, utterances, rows)

        batches_first = jax.tree.map(lambda x: jnp.swapaxes(x, 0, 1), rows)
        _, found = jax.lax.scan(step, None, batches_first)
        return jax.tree.map(lambda x: jnp.swapaxes(x, 0, 1), found)

    def _outputs_of_batch(self, heads, state: State, bank, utterances, rows) -> dict:
        if "variant" in rows:
            features, _, _ = self.assembler.variants(bank, utterances, rows)
        else:
            places = rows["utterance"], rows["start"]
            features = self.assembler.windows(bank, utterances, *places)
        mapping = [
            *zip(self.model.trainable_variables, state["trainable"], strict=True),
            *zip(
                self.model.non_trainable_variables, state["non_trainable"], strict=True
            ),
        ]
        found = {}
        with keras.StatelessScope(state_mapping=mapping):
            if EMBEDDING in heads:
                found[EMBEDDING] = self.model.embedding_model(features, training=False)
            if set(heads) - {EMBEDDING}:
                outputs = self.model(features, training=False)
                found |= {name: outputs[name] for name in heads if name in outputs}
        return found

    # === Metrics ===

    def _initial_metrics(self, models: int) -> list:
        return [jnp.broadcast_to(x, (models, *x.shape)) for x in self._zeros]

    def _logs(self, metrics: Sequence) -> dict:
        variables = self.model.metrics_variables
        mapping = list(zip(variables, metrics, strict=True))
        with keras.StatelessScope(state_mapping=mapping):
            return self.model.get_metrics_result()


class _Traced:
    """A compiled function that is traced as one of stacked models."""

    def __init__(self, function: Callable, convolutions: str):
        self._function = function
        self._convolutions = convolutions

    def __call__(self, *arguments):
        with stacking(self._convolutions):
            return self._function(*arguments)

    def lower(self, *arguments):
        with stacking(self._convolutions):
            return self._function.lower(*arguments)


def _tracker_places(model: keras.Model) -> set[int]:
    """The numbers of the metrics' variables that weight a batch by its rows.

    They are those of the means of the total loss and of the losses of heads.
    """
    trackers = [model._loss_tracker, *model._compile_loss.metrics]
    known = {id(each) for tracker in trackers for each in tracker.variables}
    return {n for n, each in enumerate(model.metrics_variables) if id(each) in known}
