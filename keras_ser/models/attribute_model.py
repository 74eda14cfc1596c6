"""What models with attributes share: α, which weighs the emotion against them."""

from collections.abc import Mapping

import keras

from keras_ser.models import attribute_heads, checks
from keras_ser.models.base import SpeechModel
from keras_ser.tasks import EMOTION

MIN_SHARE = 0.4  # of the final α: before that, no epoch is selected


class AttributeModel(SpeechModel):
    """Base class: an emotion and, on request, attributes of the speech.

    With N attributes, the loss of a batch is

        L = (1 − α) L_emotion + α/N Σ L_attribute                      (Eq. 1 and 2)

    next to the losses of other heads, which keep their weights. α depends on the
    `approach`:

    - `"multi_task"`: α is 0.1.
    - `"gradient_reversal"`: α rises by equal steps, from 0 in the first epoch to 0.5 in
      the last one that `fit` may train.
    - `"discriminator"`: α is 0.5, and the attributes have a minus sign (Eq. 3).

    `compile` sets the final α, which an `objective` with another `alpha` changes, and
    `callbacks.SetAlpha` lets it rise. α is part of the weights of the model, so that it
    is saved with them, and restored with the best epoch.

    A subclass passes `attributes`, `approach` and `vocabularies` as `arguments`, and
    makes its tasks by `attribute_heads.with_attributes`. Without attributes, the model
    has no α.

    Args: As for `SpeechModel`.

    Attributes:
        alpha_variables: The variables that weigh the emotion and each attribute in the
            loss; empty without attributes.

    Reference:
        Parry, DeMattos, Klementiev, Ind, Morse-Kopp, Clarke and Palaz, "Speech emotion
        recognition in the wild using multi-task and adversarial learning", Interspeech
        2022.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self._final_alpha = attribute_heads.ALPHAS[self.approach]
        if self.attributes:
            self.alpha_variables = tuple(
                self.add_weight(
                    shape=(),
                    initializer="zeros",
                    trainable=False,
                    dtype="float32",
                    autocast=False,  # half precision rounds 0.1
                    name=f"weight_of_{part}",
                )
                for part in (EMOTION, "attributes")
            )
            self.set_alpha(self._final_alpha)

    @property
    def alpha(self) -> float | None:
        """α as it is now; None without attributes."""
        if not self.attributes:
            return None
        weight = float(keras.ops.convert_to_numpy(self.alpha_variables[1]))
        return abs(weight) * len(self.attributes)

    def set_alpha(self, value: float) -> None:
        """Sets α, for the next batch.

        Args:
            value: α, at least 0 and below 1.

        Raises:
            ValueError: If it is out of range, or the model has no attributes.
        """
        _check_alpha(value, self.attributes)
        pairs = zip(self.alpha_variables, self.alpha_weights(value), strict=True)
        for variable, weight in pairs:
            variable.assign(weight)

    def alpha_weights(self, alpha: float) -> tuple[float, float]:
        """The values of `alpha_variables`: 1 − α, and α / N or −α / N."""
        return attribute_heads.loss_weights(alpha, len(self.attributes), self.approach)

    def alpha_at(self, epoch: int, epochs: int) -> float:
        """α in an epoch of a training.

        Args:
            epoch: The index of the epoch, counted from 0.
            epochs: The maximum number of epochs.
        """
        return self._final_alpha * self._share(epoch, epochs)

    def _share(self, epoch: int, epochs: int) -> float:
        """How much of the final α an epoch has."""
        rises = self.approach == attribute_heads.REVERSAL and epochs > 1
        return epoch / (epochs - 1) if rises else 1.0

    def first_selectable(self, epochs: int) -> int:
        """The first epoch that may be selected: α has 0.4 of its final value in it.

        An earlier one would be selected because the attributes hardly counted in it.
        """
        if not self.attributes:
            return 0
        shares = (self._share(epoch, epochs) for epoch in range(epochs))
        return next(epoch for epoch, share in enumerate(shares) if share >= MIN_SHARE)

    def _weighed(self, alpha: float | None) -> dict[str, float]:
        """The loss weights of the emotion and the attributes, for `objective`.

        Args:
            alpha: The final α; None for the one of the approach.
        """
        if alpha is not None:
            _check_alpha(alpha, self.attributes)
        if not self.attributes:
            return {}
        alpha = attribute_heads.ALPHAS[self.approach] if alpha is None else alpha
        emotion, attribute = self.alpha_weights(alpha)
        return {EMOTION: emotion, **dict.fromkeys(self.attributes, attribute)}

    def compile(
        self,
        optimizer="rmsprop",
        loss=None,
        loss_weights=None,
        *arguments,
        **keywords,
    ):
        """Prepares the model for `fit`, as `keras.Model.compile` does.

        Args:
            optimizer: As for `SpeechModel`.
            loss: The loss of each head.
            loss_weights: The weight of each head. With attributes, those of the emotion
                and the attributes must be 1 − α and α / N, from which α is read.
            *arguments: The others as for Keras.
            **keywords: The same by name.

        Raises:
            ValueError: If the weights belong to no α, or as for `SpeechModel`.
        """
        given = loss_weights
        if self.attributes:
            self._final_alpha = self._alpha_of(given)
            self.set_alpha(self._final_alpha)
            emotion, attribute = self.alpha_variables
            variables = {EMOTION: emotion} | dict.fromkeys(self.attributes, attribute)
            loss_weights = {**given, **variables}
        super().compile(optimizer, loss, loss_weights, *arguments, **keywords)
        if self.attributes:  # a file holds the numbers, from which α is read again
            self._compile_config.config["loss_weights"] = dict(given)

    def _alpha_of(self, weights: Mapping[str, float] | None) -> float:
        """α, from the loss weights of `objective`."""
        found = weights if isinstance(weights, Mapping) else {}
        own = {head: found.get(head) for head in (EMOTION, *self.attributes)}
        numbers = [each for each in own.values() if isinstance(each, int | float)]
        if len(numbers) == len(own):
            # α / N times N may differ from α in its last digit.
            alpha = round(abs(numbers[-1]) * len(self.attributes), 12)
            expected = self._weighed(alpha) if 0 <= alpha < 1 else {}
            if all(abs(expected.get(h, 2) - own[h]) < 1e-9 for h in own):
                return alpha
        raise ValueError(
            f"`loss_weights` must be {self.alpha_weights(self._final_alpha)} for "
            f"`{EMOTION}` and each of {list(self.attributes)}, or those of another α. "
            f"Received: {str(own)[:120]}. Pass **model.objective(alpha=…)."
        )

    def count_params(self):
        return super().count_params() - len(self.alpha_variables)

    @classmethod
    def columns(cls, attributes=(), **arguments):
        return tuple(attributes)


def _check_alpha(alpha: float, attributes) -> None:
    if not attributes:
        raise ValueError(
            "`alpha` weighs the attributes, which the model does not have. Received: "
            f"{alpha!r}. Leave it out, or give the model `attributes`."
        )
    checks.check_fraction(alpha=alpha)
