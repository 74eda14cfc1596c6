"""Mixtures of two utterances."""

from keras_ser.augment.batch_augmentation import BatchAugmentation
from keras_ser.backend.lazy_tensorflow import tf


class Mixup(BatchAugmentation):
    """Convex combination of two utterances and of their labels.

        x̃ = λ x_i + (1 − λ) x_j,   ỹ = λ y_i + (1 − λ) y_j,   λ ~ U(0, 1)

    These are Eq. 1 and 2 of Latif et al. 2022, applied to normalised features. The
    result is as long as the longer of the two utterances. The labels of every task are
    mixed. If either utterance lacks the label of a task, so does the result. If λ lies
    outside [0.1, 0.9], the mixture is hard to distinguish from an unaugmented
    utterance, and the row gets half the weight on the augmentation head.

    Reference: Zhang et al., "mixup: beyond empirical risk minimization", 2018.
    """

    name = "mixup"
    softens = True
    needs_partner = True

    def draw(self, frames, dimensions, seed):
        """Draws λ as the `share`, float32 `(batch,)`.

        Args: See `BatchAugmentation.draw`.
        """
        return {"share": tf.random.stateless_uniform(tf.shape(frames), seed)}

    def apply(self, batch, partner, drawn, ops):
        share = drawn["share"]
        labels, known = {}, {}
        for task, label in batch["labels"].items():
            known[task] = batch["known"][task] * partner["known"][task]
            mixed = _mix(share[:, None], label, partner["labels"][task])
            labels[task] = mixed * known[task][:, None]
        clear = (share >= 0.1) & (share <= 0.9)
        features, others = batch["features"], partner["features"]
        return {
            "features": _mix(share[:, None, None], features, others),
            "frames": ops.maximum(batch["frames"], partner["frames"]),
            "labels": labels,
            "known": known,
            "augmentation_weight": batch["augmentation_weight"]
            * ops.where(clear, 1.0, 0.5),
        }

    def get_config(self) -> dict:
        return {}


def _mix(share, first, second):
    return share * first + (1.0 - share) * second
