"""Any Keras model with a softmax over the emotions, as a speech model."""

from collections.abc import Sequence

import keras

from keras_ser.models.base import SpeechModel
from keras_ser.tasks import EMOTION, Classification


@keras.saving.register_keras_serializable("keras_ser")
class Wrapped(SpeechModel):
    """A Keras model of your own, as `Recogniser` and `SpeechModel` need it.

        features (batch, time, dimensions) → network → (batch, classes)

    Args:
        classes: The emotions, in the order of the network's outputs.
        dimensions: Number of values per frame.
        network: The model. Its only output is the probability of each class.
        mask_padding: Whether the network ignores frames of zeros at the end. If not,
            which is the default, each input is padded to the training window, which is
            what a network saw that was trained on windows of that length.

    Raises:
        ValueError: If the network cannot take such features, or does not return one
            value per class.

    Example:

    >>> network = keras.Sequential(
    ...     [keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(2, "softmax")]
    ... )
    >>> Wrapped(("anger", "sadness"), 40, network).emotion_model.output.shape
    (None, 2)
    """

    def __init__(
        self,
        classes: Sequence[str],
        dimensions: int = 128,
        network: keras.Model | None = None,
        mask_padding: bool = False,
        **kwargs,
    ):
        features = keras.Input((None, dimensions), name="features")
        posterior = _called(network, features)
        shape = getattr(posterior, "shape", None)
        if shape is None or tuple(shape) != (None, len(classes)):
            raise ValueError(
                f"Expected a network with one output per class, (batch, "
                f"{len(classes)}) for {list(classes)}. Received: one that returns "
                f"{shape or type(posterior).__name__}. End it with "
                f'`keras.layers.Dense({len(classes)}, "softmax")`.'
            )
        super().__init__(
            inputs=features,
            outputs={EMOTION: posterior},
            tasks=(Classification(EMOTION, tuple(classes)),),
            embedding=None,
            **kwargs,
        )
        self.network, self.mask_padding = network, mask_padding

    def get_config(self):
        return {
            **super().get_config(),
            "network": keras.saving.serialize_keras_object(self.network),
            "mask_padding": self.mask_padding,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        network = keras.saving.deserialize_keras_object(
            config["network"], custom_objects=custom_objects, safe_mode=True
        )
        return cls(**{**config, "network": network})


def _called(network, features):
    """The output of a network for features of any length."""
    if not isinstance(network, keras.Model):
        raise ValueError(
            f"Expected a Keras model. Received: {type(network).__name__}. Give a "
            "`keras.Model`."
        )
    try:
        return network(features)
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"Expected a network that takes features {features.shape}, with any number "
            f"of frames. Received: {type(network).__name__}, which does not: {error}"
        ) from error
