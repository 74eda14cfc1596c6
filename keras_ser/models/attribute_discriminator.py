"""Training against discriminators that name attributes from the emotion's posterior.

Equation numbers are those of Parry et al. 2022, "Speech emotion recognition in the wild
using multi-task and adversarial learning", Interspeech.
"""

import itertools

import keras
from keras import ops

from keras_ser.backend.updates import BACKENDS, minimise
from keras_ser.models import attribute_heads
from keras_ser.models.attribute_heads import DISCRIMINATOR
from keras_ser.models.attribute_model import AttributeModel
from keras_ser.tasks import EMOTION

MAIN = "main"


class DiscriminatedModel(AttributeModel):
    """Base class: a classifier C of the emotion, and discriminators D_i of attributes.

    With `approach="discriminator"`, each attribute i has a discriminator that reads the
    probabilities ŷ of the emotions, and nothing else. A training step passes a batch
    through C once. It then updates

    - C, by the optimizer `main`, which lowers

          L_AD = (1 − α) L_emotion − α/N Σ L_d                               (Eq. 3)

    - the discriminators, by the optimizer `discriminator`, which lowers Σ L_d.

    L_d is the cross-entropy of a discriminator. Both updates follow the discriminators
    as they were before the step.

    L_AD has no lower bound: a classifier that makes the discriminators err with more
    and more confidence lowers it without end. `Training.clip_norm` bounds the gradient
    of each optimizer. A discriminator also learns from the rows without an emotion, and
    C from its errors on them.

    JAX is rejected in `compile`, because its training steps have no state. The other
    approaches train on all backends, in the steps of Keras.

    A subclass sets `discriminators`, from `attribute_heads.discriminators`.

    Args: As for `AttributeModel`.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        if self.is_discriminated:
            self.backends = BACKENDS

    @property
    def is_discriminated(self) -> bool:
        """Whether the model has discriminators."""
        return bool(self.attributes) and self.approach == DISCRIMINATOR

    @property
    def optimizer_names(self) -> tuple[str, ...]:
        """The names of the optimizers, which depend on the approach."""
        return (MAIN, DISCRIMINATOR) if self.is_discriminated else (MAIN,)

    def variables_of(self, name):
        if not self.is_discriminated:
            return super().variables_of(name)
        if name not in self.optimizer_names:
            raise ValueError(
                f"`name` must be one of {list(self.optimizer_names)}. Received: "
                f"{name!r}. Choose one of these."
            )
        layers = itertools.chain(*self._chains().values())
        own = [each for layer in layers for each in layer.trainable_weights]
        if name == DISCRIMINATOR:
            return own
        ids = {id(each) for each in own}
        return [each for each in self.trainable_variables if id(each) not in ids]

    def _chains(self) -> dict[str, list[keras.layers.Layer]]:
        """The layers of each discriminator."""
        return {
            attribute: [
                self.get_layer(name)
                for name in attribute_heads.discriminator_names(attribute)
            ]
            for attribute in self.attributes
        }

    def compile(
        self,
        optimizer="rmsprop",
        loss=None,
        loss_weights=None,
        *arguments,
        **keywords,
    ):
        super().compile(optimizer, loss, loss_weights, *arguments, **keywords)
        if self.is_discriminated:
            self._attribute_losses = self._losses_of(loss)

    def _losses_of(self, losses) -> dict:
        missing = not isinstance(losses, dict) or set(losses) != set(self.heads)
        if missing:
            raise ValueError(
                f"`{type(self).__name__}.compile` needs `loss` as a dictionary with "
                f"the heads {list(self.heads)}. Received: {str(losses)[:80]!r}. Pass "
                "**model.objective()."
            )
        return {name: keras.losses.get(losses[name]) for name in self.attributes}

    def train_step(self, *arguments):
        if not self.is_discriminated:
            return super().train_step(*arguments)
        x, y, weights = keras.utils.unpack_x_y_sample_weight(*arguments)
        loss, outputs = self._fit_classifier(x, y, weights)
        self._fit_discriminators(ops.stop_gradient(outputs[EMOTION]), y, weights)
        self._loss_tracker.update_state(loss, sample_weight=ops.shape(x)[0])
        return self.compute_metrics(x, y, outputs, sample_weight=weights)

    def _fit_classifier(self, x, y, weights) -> tuple:
        """One update for L_AD; returns it, and the outputs of all heads before."""

        def deceive():
            outputs = self(x, training=True)
            return self.compute_loss(x, y, outputs, weights), outputs

        return minimise(deceive, self.optimizers[MAIN], self.variables_of(MAIN))

    def _fit_discriminators(self, posterior, y, weights) -> None:
        """One update for Σ L_d."""

        def tell_apart():
            found = attribute_heads.discriminate(posterior, self._chains())
            total = 0.0
            for name, probabilities in found.items():
                own = None if weights is None else weights[name]
                loss = self._attribute_losses[name]
                total = total + loss(y[name], probabilities, sample_weight=own)
            return total, None

        optimizer = self.optimizers[DISCRIMINATOR]
        minimise(tell_apart, optimizer, self.variables_of(DISCRIMINATOR))
