"""Training steps of models whose parts are updated one after the other.

A batch passes through the encoder in several phases. Equation numbers are those of Rana
et al., "Multi-task semi-supervised adversarial autoencoding for speech emotion
recognition".
"""

import functools
from collections.abc import Iterable, Mapping

import keras
from keras import ops

from keras_ser import metrics
from keras_ser.backend.updates import BACKENDS, minimise
from keras_ser.layers import normalisation
from keras_ser.models.base import SpeechModel

MAIN, RECONSTRUCTION = "main", "reconstruction"
DISCRIMINATOR, GENERATOR = "discriminator", "generator"
PHASES = ("three", "joint")
EVALUATION_SEED = 1  # of the codes that an evaluation draws from the prior


class PhasedModel(SpeechModel):
    """Base class: heads, and a discriminator of codes, which phases update in turn.

    A subclass sets `discriminator`, `prior` and `code_model`, and says in
    `_passes` which optimizer lowers the losses of which heads.

    1. Each pass of `_passes` lowers the weighted losses of its heads, in the encoder
       and in these heads (Eq. 1 and 2).
    2. With a discriminator D, the prior p(z) and the encoder E, it lowers

           L_disc = E_{z ~ p(z)} [−log D(z)] + E_x [−log(1 − D(E(x)))]      (Eq. 4)

       in the discriminator, then L_gen = E_x [−log D(E(x))] in the encoder. L_gen is
       the non-saturating form of the first term of Eq. 5. The regularisation comes
       after the first pass.

    Batch normalisation uses the moments of the batch in all passes. The moving moments
    of the encoder follow the first of them only.
    """

    backends = BACKENDS
    validates_each_epoch = True  # the discriminator is measured
    discriminator = None

    def compile(self, optimizer="rmsprop", *arguments, **keywords):
        super().compile(optimizer, *arguments, **keywords)
        names = ("loss", "loss_weights")
        given = dict(zip(names, arguments, strict=False)) | keywords
        losses, weights = given.get("loss"), given.get("loss_weights")
        if not isinstance(losses, dict) or set(losses) != set(self.heads):
            raise ValueError(
                f"`{type(self).__name__}.compile` needs `loss` as a dictionary with "
                f"the heads {list(self.heads)}. Received: {losses!r}. Pass "
                "**model.objective()."
            )
        self._head_losses = {
            head: keras.losses.get(losses[head]) for head in self.heads
        }
        self._head_weights = dict.fromkeys(self.heads, 1.0) | dict(weights or {})

    @functools.cached_property  # which Keras does not track
    def _pass_models(self) -> dict[tuple[str, ...], keras.Model]:
        """A model from features to the outputs of the heads of each pass."""
        every = tuple(heads for _, heads in self._passes())
        return {
            heads: keras.Model(self.input, {head: self.output[head] for head in heads})
            for heads in every
        }

    def _passes(self) -> list[tuple[str, tuple[str, ...]]]:
        """The optimizer and the heads of each pass, in their order."""
        raise NotImplementedError

    def train_step(self, data):
        x, y, weights = self._unpack(data)
        outputs, used = {}, []
        for number, (optimizer, heads) in enumerate(self._passes()):
            with normalisation.fixed_moments(used):
                outputs |= self._fit_heads(optimizer, heads, x, y, weights)
            used = self._encoder_norms
            if number == 0 and self.discriminator is not None:
                with normalisation.fixed_moments(used):
                    self._regularise(x)
        return self._log(x, y, outputs, weights)

    def _unpack(self, data) -> tuple:
        """Features, and labels and weights by head, of what `fit` takes."""
        x, y, weights = keras.utils.unpack_x_y_sample_weight(data)
        if isinstance(y, Mapping):
            return x, y, weights
        if len(self.heads) > 1:
            raise TypeError(
                f"`{type(self).__name__}` needs labels as a dictionary with the heads "
                f"{list(self.heads)}. Received: {type(y).__name__}."
            )
        (head,) = self.heads
        if weights is not None and not isinstance(weights, Mapping):
            weights = {head: weights}
        return x, {head: y}, weights

    def test_step(self, data):
        x, y, weights = self._unpack(data)
        outputs = self(x, training=False)
        if self.discriminator is not None:
            self._measure(x)
        return self._log(x, y, outputs, weights)

    def _log(self, x, y, outputs, weights):
        outputs = {head: outputs[head] for head in self.heads}
        loss = self.compute_loss(x, y, outputs, weights, training=False)
        rows = ops.shape(x)[0]
        self._loss_tracker.update_state(loss, sample_weight=rows)
        return self.compute_metrics(x, y, outputs, sample_weight=weights)

    def _fit_heads(self, name, heads, x, y, weights) -> dict:
        """One update for the weighted losses of some heads; returns their outputs."""
        model = self._pass_models[heads]

        def loss():
            outputs = model(x, training=True)
            return self._weighted_loss(heads, y, outputs, weights), outputs

        return minimise(loss, self.optimizers[name], self.variables_of(name))[1]

    def _weighted_loss(self, heads, y, outputs, weights):
        total = 0.0
        for head in heads:
            own = None if weights is None else weights[head]
            loss = self._head_losses[head](y[head], outputs[head], sample_weight=own)
            total = total + self._head_weights[head] * loss
        return total

    def _regularise(self, x) -> None:
        """Updates the discriminator, then the encoder that is to deceive it."""

        def deceive():
            code, masks = self.code_model(x, training=True)
            drawn = self.draw_code(ops.shape(code), masks)
            logits = self._discriminate(ops.stop_gradient(code), drawn, masks)
            loss = generator_loss(self.discriminator(code, masks, training=True))
            return loss, (code, masks, *logits)

        name = GENERATOR
        loss, measured = minimise(
            deceive, self.optimizers[name], self.variables_of(name)
        )
        self._trackers["generator_loss"].update_state(loss)
        self._measure_code(*measured)

    def _discriminate(self, code, drawn, masks) -> tuple:
        """Updates the discriminator; returns its logits before, of both codes."""

        def tell_apart():
            real = self.discriminator(drawn, masks, training=True)
            encoded = self.discriminator(code, masks, training=True)
            return discriminator_loss(real, encoded), (real, encoded)

        name = DISCRIMINATOR
        loss, logits = minimise(
            tell_apart, self.optimizers[name], self.variables_of(name)
        )
        self._trackers["discriminator_loss"].update_state(loss)
        return logits

    def draw_code(self, shape, masks, seed=None):
        """A code from the prior, float32 of this shape, 0 in the padding.

        Args:
            shape: `(batch, time, bands, channels)`.
            masks: The masks of the code, from `code_model`.
            seed: A `keras.random.SeedGenerator`; by default, that of training.
        """
        drawn = keras.random.normal(shape, seed=seed or self.prior_seed)
        if self.prior == "half_normal":
            drawn = ops.abs(drawn)
        return drawn * masks[0][:, :, None, None]

    def _evaluation_seed(self) -> keras.random.SeedGenerator:
        """The seed of a batch of an evaluation: each evaluation draws the same codes.

        It is the number of the batch, which the metrics count.
        """
        count = self._trackers["generator_loss"].count
        state = [ops.cast(EVALUATION_SEED, "uint32"), ops.cast(count, "uint32")]
        self.evaluation_seed.state.assign(ops.stack(state))
        return self.evaluation_seed

    def _measure(self, x) -> None:
        """Measures the codes of speech that is not trained on."""
        code, masks = self.code_model(x, training=False)
        drawn = self.draw_code(ops.shape(code), masks, self._evaluation_seed())
        real = self.discriminator(drawn, masks, training=False)
        encoded = self.discriminator(code, masks, training=False)
        loss = discriminator_loss(real, encoded)
        self._trackers["discriminator_loss"].update_state(loss)
        self._trackers["generator_loss"].update_state(generator_loss(encoded))
        self._measure_code(code, masks, real, encoded)

    def _measure_code(self, code, masks, real, encoded) -> None:
        """The moments of the codes, and how many the discriminator gets right."""
        right = ops.concatenate([real > 0, encoded <= 0])
        tracker = self._trackers["discriminator_accuracy"]
        tracker.update_state(ops.cast(right, "float32"))
        self._trackers["code"].update_state(code, masks[0])

    def _make_trackers(self) -> dict[str, keras.metrics.Metric]:
        """Metrics of the adversary, which Keras logs and resets."""
        means = ("discriminator_loss", "generator_loss", "discriminator_accuracy")
        found = {name: keras.metrics.Mean(name=name) for name in means}
        return {**found, "code": metrics.CodeMoments(name="code")}


def discriminator_loss(real, encoded):
    """L_disc of Eq. 4, because −log σ(a) = softplus(−a).

    Args:
        real: Logits of codes that were drawn from the prior, `(batch,)`.
        encoded: Logits of codes of the encoder, `(batch,)`.
    """
    return ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(encoded))


def generator_loss(encoded):
    """L_gen = E_x [−log D(E(x))] of the logits of the encoder's codes, `(batch,)`."""
    return ops.mean(ops.softplus(-encoded))


def layers_called(model: keras.Model, prefixes: Iterable[str]) -> list:
    """The layers of a model whose names start with one of the prefixes."""
    starts = tuple(prefixes)
    return [layer for layer in model.layers if layer.name.startswith(starts)]
