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
        self._found: dict[str, list[dict[str, float]]] = {}

    def of(self, number: int, head: str, types: Iterable[str]) -> list[float]:
        """The recalls of one model.

        Args:
            number: The number of the model.
            head: The name of the head.
            types: The types, all of which occur in training.
        """
        if head not in self._found:
            self._found[head] = self._of_all_models(head, list(types))
        return [self._found[head][number][kind] for kind in types]

    def _of_all_models(self, head: str, types: list[str]) -> list[dict[str, float]]:
        """The recall of each type by each model; all rows are computed in one call."""
        pipelines = [member.data for member in self.trainer.members]
        plans = [
            [data.plan_augmented(data.fold.dev, kind).arrays() for kind in types]
            for data in pipelines
        ]
        rows = [_joined(of_types) for of_types in plans]
        outputs = self.trainer.outputs(head, padded_batches(rows, pipelines[0].batch))
        best = np.argmax(outputs, axis=-1).reshape(len(pipelines), -1)
        found = []
        for named, of_types in zip(best, plans, strict=True):
            counts = [len(plan["utterance"]) for plan in of_types]
            parts = np.split(named[: sum(counts)], np.cumsum(counts)[:-1])
            numbers = [pipelines[0].types.index(kind) for kind in types]
            found.append(
                {
                    kind: float(np.mean(part == number))
                    for kind, part, number in zip(types, parts, numbers, strict=True)
                }
            )
        return found


def _joined(plans: list[dict]) -> dict:
    """The rows of several plans, one after the other."""
    return {name: np.concatenate([plan[name] for plan in plans]) for name in plans[0]}
