"""What every model promises to the pipeline, the experiments and the recogniser."""

import functools
import types
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from keras_ser.backend import first_step, settings
from keras_ser.backend.optimizers import build_optimizers
from keras_ser.layers import LayerSum
from keras_ser.models import checks
from keras_ser.tasks import Task

ALL_BACKENDS = ("tensorflow", "jax", "torch")
# Attributes that each model has besides those of its class.
OWN_NAMES = ("tasks", "classes", "dimensions", "built", "loss", "optimizer")


class SpeechModel(keras.Model):
    """Base class of all models: a functional model whose outputs are its tasks' heads.

    A subclass makes its layers and calls this constructor with the tensors. Its own
    constructor takes the emotions as `classes`, the size of the front-end as
    `dimensions`, and passes `**kwargs` on. An experiment passes these, and what else
    the constructor takes of the following:

    - `augmentations`, the types of augmentation, `none` first;
    - `labelled_rows`, the number of labelled rows, which are the first of a batch;
    - `vocabularies`, a dictionary from the columns that `columns` names to their
      classes.

    A class is registered under a package of its own, and its `get_config` holds all
    that its constructor needs: what is missing from it goes into `arguments`. Otherwise
    the model could be trained, but not loaded; `models.check_saveable` tells.

    Args:
        inputs: The input, `(batch, time, dimensions)`: normalised features, 0 in the
            padding.
        outputs: A dictionary with one output per task.
        tasks: The tasks of the heads. The first is the main task: its development score
            selects the epoch, and attacks follow its gradient.
        embedding: The vector of an utterance, `(batch, units)`.
        attention: Weights of the steps of an utterance, `(batch, steps)`, if the model
            has any.
        code: The output of the encoder, `(batch, steps, features)`, if the model has
            one.
        arguments: The subclass's own arguments by name, besides `classes` and
            `dimensions`. They become attributes and part of `get_config`, so that a
            saved model can be built again.
        name: The name of the model.
        trainable: Whether its weights are trained.

    Attributes:
        tasks: The tasks.
        classes: The classes of the main task; empty if it has none.
        dimensions: The number of values per frame.
        mask_padding: Whether all parts ignore the padding.
        optimizer_names: The names of the optimizers, of which most models have one.
        rate_factors: Factors of the learning rates of some optimizers, by their names.
            An experiment multiplies its learning rate by them.
        backends: The Keras backends that the model's `train_step` supports.
        alpha: The weight α of attributes in the loss, in a `models.AttributeModel` that
            has any; otherwise None.
        alpha_variables: The variables that hold it. They are weights that nothing
            trains or averages.
        reads_bands: Whether the model slides a kernel over the dimensions of a frame,
            so that these must be in an order, as bands are.
        validates_each_epoch: Whether each epoch of an experiment is validated as a
            whole, because an evaluation measures more than the losses of the heads.
        recipe: The family of models whose training settings a preset has, a key of
            `experiments.training_settings.RECIPES`.

    Raises:
        TypeError: If an argument is unknown.
        ValueError: If tasks and outputs do not match, if one of the `arguments` is
            called like an attribute that every model has, or if a setting of Keras
            would change the results; see `backend.settings`.

    Example:

    >>> @keras.saving.register_keras_serializable("my_models")
    ... class Mean(SpeechModel):
    ...     def __init__(self, classes, dimensions=128, units=64, **kwargs):
    ...         features = keras.Input((None, dimensions), name="features")
    ...         mean = layers.MaskedMean()(features)
    ...         embedding = heads.dense(units, "embedding")(mean)
    ...         softmax = heads.classifier(len(classes), "emotion")
    ...         super().__init__(
    ...             inputs=features,
    ...             outputs={"emotion": softmax(embedding)},
    ...             tasks=(tasks.Classification("emotion", classes),),
    ...             embedding=embedding,
    ...             arguments={"units": units},
    ...             **kwargs,
    ...         )
    """

    optimizer_names: tuple[str, ...] = ("main",)
    rate_factors: Mapping[str, float] = types.MappingProxyType({})
    backends: tuple[str, ...] = ALL_BACKENDS
    _is_prepared = False  # whether the variables of a step have been created
    recipe: str = "mtl_aug"
    reads_bands: bool = False
    validates_each_epoch: bool = False
    mask_padding = True
    alpha: float | None = None
    alpha_variables: tuple[keras.Variable, ...] = ()

    def __new__(cls, *arguments, **keywords):
        settings.check_numbers()  # before a subclass makes its layers
        settings.check_policy()
        checks.check_switches(cls, keywords)
        made = super().__new__(cls, *arguments, **keywords)
        made.__dict__["_emotions"] = checks.given_classes(cls, arguments, keywords)
        return made

    def __init__(
        self,
        *,
        inputs,
        outputs: Mapping,
        tasks: Sequence[Task],
        embedding,
        attention=None,
        code=None,
        arguments: Mapping[str, Any] | None = None,
        name: str | None = None,
        trainable: bool = True,
        **unknown,
    ):
        checks.check_unknown(type(self), unknown)  # Keras would ignore them
        checks.check_outputs(tuple(tasks), outputs)
        super().__init__(inputs=inputs, outputs=outputs, name=name, trainable=trainable)
        checks.check_argument_names(arguments or {}, {*OWN_NAMES, *dir(SpeechModel)})
        self.input_spec = keras.layers.InputSpec(
            ndim=3, axes={-1: inputs.shape[-1]}, name=inputs.name
        )
        self.tasks = tuple(tasks)
        self.classes = self.tasks[0].classes
        self.dimensions = inputs.shape[-1]
        self._embedding, self._attention, self._code = embedding, attention, code
        self._optimizers = {}
        self._arguments = dict(arguments or {})
        for name, value in self._arguments.items():
            setattr(self, name, tuple(value) if isinstance(value, list) else value)

    @property
    def heads(self) -> tuple[str, ...]:
        """The names of the tasks, which are those of the outputs."""
        return tuple(task.name for task in self.tasks)

    # `cached_property` writes where Keras does not track: a sub-model is not a layer.

    @functools.cached_property
    def encoder(self) -> keras.Model | None:
        """Model from features to the code; None without one."""
        return self._submodel(self._code)

    @functools.cached_property
    def emotion_model(self) -> keras.Model:
        """Model from features to the output of the main task."""
        return self.head_model(self.heads[0])

    def head_model(self, name: str) -> keras.Model:
        """Model from features to the output of one head; the same at each call.

        Args:
            name: One of `heads`.

        Raises:
            ValueError: If the model has no such head.
        """
        if name not in self.output:
            raise ValueError(
                f"`{type(self).__name__}` must have the head. Received: {name!r}. Its "
                f"heads are {list(self.heads)}."
            )
        if name not in self._head_models:
            self._head_models[name] = self._submodel(self.output[name])
        return self._head_models[name]

    @functools.cached_property
    def _head_models(self) -> dict[str, keras.Model]:
        return {}

    @functools.cached_property
    def attention_model(self) -> keras.Model | None:
        """Model from features to attention weights, which sum to 1; None without."""
        return self._submodel(self._attention)

    @functools.cached_property
    def embedding_model(self) -> keras.Model:
        """Model from features to the embedding, `(batch, units)`."""
        return self._submodel(self._embedding)

    @functools.cached_property
    def prediction_model(self) -> keras.Model:
        """Model from features to a dictionary of the outputs of all scored tasks."""
        scored = [task.name for task in self.tasks if task.is_scored]
        return self._submodel({name: self.output[name] for name in scored})

    @property
    def layer_weights(self) -> list[float] | None:
        """The weight of each layer in a `layers.LayerSum`; None without one."""
        found = [each for each in self.layers if isinstance(each, LayerSum)]
        if not found:
            return None
        return keras.ops.convert_to_numpy(found[0].layer_weights()).tolist()

    def _submodel(self, output):
        return None if output is None else keras.Model(self.input, output)

    @property
    def optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """The optimizers by name; empty before `compile`."""
        if self._optimizers:
            return dict(self._optimizers)
        optimizer = getattr(self, "optimizer", None)
        return {self.optimizer_names[0]: optimizer} if optimizer else {}

    def variables_of(self, name: str) -> list[keras.Variable]:
        """The trainable variables that an optimizer updates.

        A model with several optimizers overrides this.

        Args:
            name: One of `optimizer_names`.
        """
        if self.optimizer_names != (name,):
            raise ValueError(
                f"`{type(self).__name__}.variables_of` must know every one of "
                f"{list(self.optimizer_names)}. Received: {name!r}. Override it in "
                "a model with several optimizers."
            )
        return self.trainable_variables

    def first_selectable(self, epochs: int) -> int:
        """The first epoch that may be selected, counted from 0.

        Args:
            epochs: The maximum number of epochs.
        """
        return 0

    def compile(self, optimizer="rmsprop", *arguments, **keywords):
        """Prepares the model for `fit`, as `keras.Model.compile` does.

        Args:
            optimizer: An optimizer, or a mapping from each of `optimizer_names` to
                one.
            *arguments: The others as for Keras. `objective` returns most of them.
            **keywords: The same by name.

        Raises:
            ValueError: If the names are wrong, or the backend is not in `backends`.
        """
        checks.check_backend(type(self).__name__, self.backends)
        named = checks.optimizers_by_name(self.optimizer_names, optimizer)
        main, *others = named
        super().compile(named[main], *arguments, **keywords)
        self._is_prepared = False
        self._optimizers = {}
        if others:
            further = {name: _prepare(self, named[name]) for name in others}
            self._optimizers = {main: self.optimizer, **further}
            build_optimizers(self)

    def fit(self, x=None, y=None, *arguments, **keywords):
        """Trains the model, as `keras.Model.fit` does, and returns its history.

        Before the first step of arrays or a `tf.data.Dataset`, variables are created
        that this step would create. TensorFlow then traces it once instead of twice, so
        that training starts sooner, with the same results.

        Args:
            x: Features, or anything else that Keras takes.
            y: A dictionary of labels by head, unless `x` has them.
            *arguments: The others as for Keras.
            **keywords: The same by name.
        """
        self._prepare_step(x, y)
        return super().fit(x, y, *arguments, **keywords)

    def evaluate(self, x=None, y=None, *arguments, **keywords):
        """Losses and scores, as of `keras.Model.evaluate`. Starts as fast as `fit`.

        Args: As for `fit`.
        """
        self._prepare_step(x, y)
        return super().evaluate(x, y, *arguments, **keywords)

    def _prepare_step(self, x, y):
        if self.compiled and not self._is_prepared:
            first_step.prepare(self, x, y)
            self._is_prepared = True

    def get_compile_config(self):
        config = super().get_compile_config()
        if self._optimizers:
            config["optimizer"] = {
                name: keras.saving.serialize_keras_object(optimizer)
                for name, optimizer in self._optimizers.items()
            }
        return config

    def compile_from_config(self, config):
        self.compile(**keras.saving.deserialize_keras_object(config))
        build_optimizers(self)

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        """The loss of a batch, as in Keras. In training, it then moves class centers.

        Centers move if the layer of a head for a task of the kind `centers` has
        `update="mean"`; see `layers.ClassCenters`.
        """
        loss = super().compute_loss(x, y, y_pred, sample_weight, training)
        if training:
            self._move_centers(y, y_pred, sample_weight)
        return loss

    def _move_centers(self, y, y_pred, weights):
        for task in self.tasks:
            if task.kind == "centers":
                head = task.name
                own = weights[head] if isinstance(weights, Mapping) else weights
                self.get_layer(head).move_centers(y_pred[head], y[head], own)

    def objective(self, **loss_weights: float | None) -> dict:
        """Losses, loss weights and metrics of all heads, for `compile`.

        Args:
            **loss_weights: The weight of the loss of each head. A head that is left
                out, or whose weight is None, has the weight of its task.

        Returns:
            `{"loss": …, "loss_weights": …, "weighted_metrics": …}`.

        Raises:
            ValueError: If the model does not have such a head, or if a weight is no
                finite number of at least 0.
        """
        unknown = sorted(set(loss_weights) - set(self.heads))
        if unknown:
            raise ValueError(
                f"`objective` must name heads of the model, {list(self.heads)}. "
                f"Received: {unknown}. Leave these out."
            )
        given = {head: w for head, w in loss_weights.items() if w is not None}
        adversaries = {task.name for task in self.tasks if task.weight < 0}
        own = {head: w for head, w in given.items() if head not in adversaries}
        checks.check_weights(**own)
        return {
            "loss": {task.name: task.loss() for task in self.tasks},
            "loss_weights": {task.name: task.weight for task in self.tasks} | given,
            "weighted_metrics": {
                task.name: self._metrics_of(task) for task in self.tasks
            },
        }

    def _metrics_of(self, task: Task) -> list[keras.metrics.Metric]:
        """The metrics of a head. Logs have the same names with one head as with many.

        Keras puts the name of the head before those of its loss and its metrics only
        if there are several heads.
        """
        if len(self.tasks) > 1:
            return task.metrics()
        loss = task.loss_metric(f"{task.name}_loss")
        return [*task.metrics(f"{task.name}_"), loss]

    @staticmethod
    def check(**arguments) -> None:
        """Checks arguments of the model without building one.

        Args:
            **arguments: Arguments of the constructor but `classes`, `augmentations` and
                `vocabularies`.

        Raises:
            ValueError: If no model can have these arguments.
        """

    @classmethod
    def columns(cls, **arguments) -> tuple[str, ...]:
        """The columns of the table whose classes the model needs as `vocabularies`.

        Args:
            **arguments: As for `check`.
        """
        return ()

    def get_config(self):
        emotions = self._emotions
        return {
            "name": self.name,
            "trainable": self.trainable,
            "classes": list(self.classes if emotions is None else emotions),
            "dimensions": self.dimensions,
            **_plain(self._arguments),
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return cls(**config)


def _plain(value):
    """The value as JSON has it, with lists instead of tuples."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


def _prepare(model: SpeechModel, optimizer) -> keras.optimizers.Optimizer:
    """An optimizer as `keras.Model.compile` prepares the only one."""
    optimizer = keras.optimizers.get(optimizer)
    is_scaled = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
    if model.dtype_policy.name == "mixed_float16" and not is_scaled:
        return keras.optimizers.LossScaleOptimizer(optimizer)
    return optimizer
