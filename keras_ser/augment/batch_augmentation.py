"""What augmentations of batches share."""

import abc
from collections.abc import Mapping
from types import SimpleNamespace

from keras_ser.backend.lazy_tensorflow import tf


class BatchAugmentation(abc.ABC):
    """Base class of batch augmentations that can be planned."""

    kind = "batch"
    softens = False
    needs_partner = False
    masks_frequencies = False

    def __call__(self, batch: dict, partner: dict, seed) -> dict:
        drawn = self.draw(batch["frames"], batch["features"].shape[-1], seed)
        return self.apply(batch, partner, drawn, tensorflow_ops())

    @abc.abstractmethod
    def draw(self, frames, dimensions: int, seed) -> dict:
        """Draws the numbers that `apply` needs, by graph operations.

        Args:
            frames: int32 `(batch,)`, the unpadded frames.
            dimensions: The number of values per frame.
            seed: Int `(2,)`, a stateless seed.

        Returns:
            A dictionary of tensors `(batch,)`. The numbers of a row depend on its
            place in the batch and its own frames only.
        """

    @abc.abstractmethod
    def apply(self, batch: dict, partner: dict, drawn: Mapping, ops) -> dict:
        """Augments all rows of a batch.

        Args:
            batch: The batch.
            partner: A batch of partners, with as many rows and frames.
            drawn: What `draw` returned.
            ops: `keras.ops`, or the functions of `tensorflow_ops`.

        Returns:
            The augmented batch.
        """


def tensorflow_ops() -> SimpleNamespace:
    """The functions of `keras.ops` that `apply` may use, on TensorFlow.

    Inside tf.data, tensors are those of TensorFlow whatever the Keras backend is.
    """
    return SimpleNamespace(
        arange=tf.range,
        isfinite=tf.math.is_finite,
        maximum=tf.maximum,
        one_hot=tf.one_hot,
        ones_like=tf.ones_like,
        reshape=tf.reshape,
        shape=tf.shape,
        take=tf.gather,
        where=tf.where,
    )
