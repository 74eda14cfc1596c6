"""How well the augmentation heads of models that train together recognise types."""

from collections.abc import Iterable

from keras_ser.together.development import padded_batches
from keras_ser.together.trainer import Trainer


class Recalls:
    """The recall of each type on the development speech, for all models of a trainer.

    It is `Pipeline.type_recalls` of the rows of `Pipeline.augmented`.

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
        rows = [
            data.plan_augmented(data.fold.dev, types).arrays() for data in pipelines
        ]
        outputs = self.trainer.outputs(head, padded_batches(rows, pipelines[0].batch))
        found = []
        for own, plan, data in zip(outputs, rows, pipelines, strict=True):
            own = own.reshape(-1, own.shape[-1])[: len(plan["utterance"])]
            recalls = data.type_recalls(own, data.fold.dev, types)
            found.append(dict(zip(types, recalls, strict=True)))
        return found
