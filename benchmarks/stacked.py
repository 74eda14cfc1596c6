"""Models that train at the same time, and one that trains alone, to be timed.

They need JAX and neither TensorFlow nor a corpus.
"""

import time
from types import SimpleNamespace

import flops
import jax
import jax.numpy as jnp
import keras
import numpy as np
from stacked_speech import CLASSES, Setting, Speech

from keras_ser import augment, models
from keras_ser.backend.stacking import stacking
from keras_ser.experiments import NETWORKS, Training, training
from keras_ser.together import memory, states
from keras_ser.together.placement import Placement
from keras_ser.together.preparation import build_variables
from keras_ser.together.steps import Steps

ALONE = "alone"
KINDS = ("products", "grouped")


class Work:
    """The model of a setting, compiled as an experiment compiles it, and its speech.

    Args:
        setting: What is trained. Models are made under its `policy`.
    """

    def __init__(self, setting: Setting):
        self.setting = setting
        self.speech = Speech(setting)
        system = NETWORKS[setting.system]
        keras.utils.set_random_seed(0)
        self.model = models.MTLAug(
            CLASSES,
            augment.types(system.augment),
            dimensions=setting.bands,
            **{**system.arguments, **dict(setting.arguments)},
        )
        training.compile_model(self.model, Training(), system.objective)
        self.assembler = self.speech.assembler(self.model.tasks)
        bank = SimpleNamespace(frames=self.speech.bank)
        build_variables(self.model, self.assembler, bank)
        self.layout = states.Layout(self.model, False)
        self.utterances = self.speech.utterances()
        values = self.utterances["values"]
        labels = {each.name for each in self.assembler.tasks}
        self.utterances["values"] = {name: values[name] for name in labels}

    def initial(self) -> dict:
        """The state at the start, a new one on every call."""
        return self.layout.initial(states.read_weights(self.model))

    def flop(self) -> float:
        """The FLOP that an update needs, however it is computed."""
        model = self.model
        groups = model.trainable_variables, model.non_trainable_variables
        groups += model.optimizer.variables, model.metrics_variables
        state = tuple([each.value for each in group] for group in groups)
        rows = {name: each[0, 0] for name, each in self.rows(1, 1).items()}
        with stacking("grouped"):
            batch = jax.eval_shape(
                self.assembler.training, self.speech.bank, self.utterances, rows
            )
            return flops.by_products(jax.make_jaxpr(model.train_step)(state, batch))

    def rows(self, models: int, steps: int) -> dict:
        """Equal rows of several models, `(models, steps, rows)`.

        All models see the same batches, so that their losses can be compared.
        """
        self.speech.random = np.random.default_rng(1)
        one = self.speech.rows((steps, self.setting.batch))
        return {n: np.broadcast_to(x, (models, *x.shape)) for n, x in one.items()}


class Together:
    """Epochs of several models at the same time, with the assembly of their batches.

    Args:
        work: The model and its speech.
        kind: One of `KINDS`; see `backend.stacking`.
        models: The number of models.
        steps: The steps of an epoch.

    Attributes:
        updates: The updates of an epoch, of all models.
        compile_seconds: How long the compilation took.
        memory: The bytes that an epoch needs, per model.
        xla_flop: The FLOP of an update of one model; see `flops.by_xla`.
        loss: The mean loss of the first epoch of the first model.
        seconds: How long that epoch took.

    Raises:
        TooManyModels: If the device has too little memory.
    """

    def __init__(self, work: Work, kind: str, models: int, steps: int):
        self.updates, self.steps = models * steps, steps
        place = Placement()
        copied = [work.initial()] * models
        self._state = place.stacked(states.stack(copied))
        utterances = jax.tree.map(lambda x: np.stack([x] * models), work.utterances)
        active = np.ones((models, steps), bool)
        self._given = (
            place.shared(work.speech.bank),
            *map(place.stacked, (utterances, work.rows(models, steps), active)),
        )
        epoch = Steps(work.layout, work.assembler, convolutions=kind).epoch
        started = time.perf_counter()
        self._epoch = epoch.lower(self._state, *self._given).compile()
        self.compile_seconds = time.perf_counter() - started
        memory.check_memory(self._epoch, models)
        self.memory = memory.needed_bytes(self._epoch) // models
        self.xla_flop = flops.by_xla(self._epoch, models)
        started = time.perf_counter()
        self.loss = float(self.run()["loss"][0])
        self.seconds = time.perf_counter() - started

    def run(self) -> dict:
        """Trains for an epoch and waits for its end; returns its logs."""
        self._state, logs = self._epoch(self._state, *self._given)
        return jax.block_until_ready((self._state, logs))[1]


class Alone:
    """Updates of one model by the training step that Keras compiles for `fit`.

    The batches are on the device before. What `fit` spends on its input and on
    callbacks is not part of it.

    Args:
        work: The model and its speech.
        steps: The steps of a run.

    Attributes: As for `Together`.
    """

    def __init__(self, work: Work, steps: int):
        self.updates = steps
        self._work, self._losses = work, {}
        work.model.reset_metrics()
        metrics = [jnp.array(each.value) for each in work.model.metrics_variables]
        self._start(metrics)
        self._batches = self._make_batches(steps)
        step = jax.jit(work.model.train_step, donate_argnums=0)
        started = time.perf_counter()
        self._step = step.lower(self._state, self._batches[0]).compile()
        self.compile_seconds = time.perf_counter() - started
        self.memory = memory.needed_bytes(self._step)
        self.xla_flop = flops.by_xla(self._step, 1)
        started = time.perf_counter()
        self.loss = float(self.run()["loss"])
        self.seconds = time.perf_counter() - started
        self._losses[steps] = self.loss

    def _start(self, metrics: list) -> None:
        state = self._work.initial()
        names = ("trainable", "non_trainable", "optimizer")
        self._metrics = [np.array(each) for each in metrics]
        arrays = jax.device_put([state[name] for name in names])
        self._state = (*arrays, [*map(jnp.array, self._metrics)])

    def _make_batches(self, steps: int) -> list:
        work = self._work
        bank, utterances = jax.device_put((work.speech.bank, work.utterances))
        rows = {name: each[0] for name, each in work.rows(1, steps).items()}
        assemble = jax.jit(work.assembler.training)
        return [
            assemble(bank, utterances, {n: each[step] for n, each in rows.items()})
            for step in range(steps)
        ]

    def loss_of(self, steps: int) -> float:
        """The mean loss of this many first steps."""
        if steps not in self._losses:
            self._start(self._metrics)
            self._losses[steps] = float(self._run(self._make_batches(steps))["loss"])
        return self._losses[steps]

    def run(self) -> dict:
        """Trains for some steps and waits for their end; returns the logs."""
        return self._run(self._batches)

    def _run(self, batches: list) -> dict:
        self._state = (*self._state[:3], [*map(jnp.array, self._metrics)])
        for batch in batches:
            logs, self._state = self._step(self._state, batch)
        return jax.block_until_ready((self._state, logs))[1]
