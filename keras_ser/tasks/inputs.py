"""Tasks whose labels follow from what the pipeline did to a row."""

import dataclasses

from keras_ser import losses, metrics
from keras_ser.tasks.base import Task
from keras_ser.tasks.vocabularies import check_classes


@dataclasses.dataclass(frozen=True)
class AugmentationType(Task):
    """Which augmentation the row went through.

    The weight of a row is inverse to the frequency of its type. A mixture that is
    hard to distinguish from unaugmented speech counts half; see `augment.Mixup`.

    Args:
        name: The name of the head.
        types: The types of augmentation, `none` first; see `augment.types`.
        weight: λ1, the weight of the loss.

    Raises:
        ValueError: If there are fewer than two different types.
    """

    kind = "classification"
    types: tuple[str, ...] = ()

    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "types", check_classes(self.name, self.types))

    @property
    def classes(self) -> tuple[str, ...]:
        return self.types

    def target(self, batch):
        return batch["type"], batch["type_weight"]

    def loss(self):
        return losses.cross_entropy(f"{self.name}_loss")

    def metrics(self, prefix=""):
        return [metrics.Accuracy(name=f"{prefix}accuracy")]


@dataclasses.dataclass(frozen=True)
class Reconstruction(Task):
    """The input itself, or with `denoising` in the pipeline the input without noise.

    See `losses.ReconstructionLoss`.

    Args:
        name: The name of the head.
        mask_padding: Whether padded frames are left out of the loss.
        weight: λ1, the weight of the loss.
    """

    kind = "reconstruction"
    mask_padding: bool = True

    @property
    def size(self) -> int:
        return 0  # as large as the input

    def target(self, batch):
        return batch["reconstruction"], batch["ones"]

    def loss(self):
        return losses.ReconstructionLoss(self.mask_padding)
