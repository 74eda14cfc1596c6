"""How well the augmentation heads of models that train together recognise types."""

from collections.abc import Iterable

import numpy as np

from keras_ser.together.development import padded_batches
from keras_ser.together.trainer import Trainer


class Recalls:
    """The recall of each type on the development speech, for all models of a trainer.

    It is what Keras evaluates on `Pipeline.augmented`: the share of the rows of a type
    that the head calls by this type.

    Args:
        trainer: A trainer whose models are trained.
    """

    def __init__(self, trainer: Trainer):
        self.trainer = trainer
        self._found: dict[tuple[str, str], np.ndarray] = {}

    def of(self, number: int, head: str, types: Iterable[str]) -> list[float]:
        """The recalls of one model.

        Args:
            number: The number of the model.
            head: The name of the head.
            types: The types.
        """
        return [float(self._of_type(head, kind)[number]) for kind in types]

    def _of_type(self, head: str, kind: str) -> np.ndarray:
        """The recall of a type by each model, `(models,)`."""
        if (head, kind) not in self._found:
            datas = [member.data for member in self.trainer.members]
            plans = [
                data.plan_augmented(data.fold.dev, kind).arrays() for data in datas
            ]
            outputs = self.trainer.outputs(head, padded_batches(plans, datas[0].batch))
            best = np.argmax(outputs, axis=-1).reshape(len(datas), -1)
            hits = best == datas[0].types.index(kind)
            counts = [len(plan["utterance"]) for plan in plans]
            self._found[head, kind] = np.array(
                [row[:count].mean() for row, count in zip(hits, counts, strict=True)]
            )
        return self._found[head, kind]
