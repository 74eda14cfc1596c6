"""Tasks of distances between embeddings and the centers of their classes."""

import dataclasses

from keras_ser import losses, metrics
from keras_ser.tasks.base import EMOTION
from keras_ser.tasks.classification import Classification


@dataclasses.dataclass(frozen=True)
class Centers(Classification):
    """The distance of the embedding to the center of its own class.

    See `losses.CenterLoss`. Rows of mixup have weight 0, because soft labels would
    draw the centers together.

    Args:
        name: The name of the head.
        classes: The classes of the emotion, or of another column.
        column: The column of the table. The default is the emotion.
        weight: λ2, the weight of the center loss.
    """

    kind = "centers"
    column: str = dataclasses.field(default=EMOTION, kw_only=True)

    @property
    def is_scored(self) -> bool:
        return False

    def target(self, batch):
        known = batch["unmixed_known"][self.name] * batch["is_unmixed"]
        return batch["unmixed_labels"][self.name], known

    def loss(self):
        return losses.CenterLoss()

    def loss_metric(self, name):
        return metrics.LossValue(self.loss(), name=name)

    def metrics(self, prefix=""):
        return []
