"""From rows of features to a batch of features, labels and weights.

Both readers of a training stream use this: tf.data with the functions of TensorFlow,
and `data.assembly` with those of `keras.ops`.
"""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from keras_ser.data.variants import Variant, type_weights
from keras_ser.tasks import ColumnTask, Task


@dataclasses.dataclass(frozen=True)
class BatchMaker:
    """Augments rows and makes the labels and weights of every task.

    Args:
        augment: The augmentations, in the order of their types.
        variants: From `list_variants`.
        rows: The rows per utterance and epoch.
        tasks: The tasks.
        denoising: Whether the target of the reconstruction is the unaugmented input.
    """

    augment: tuple
    variants: list[Variant]
    rows: int
    tasks: tuple[Task, ...]
    denoising: bool

    def augmented(
        self, ops, batch: dict, partner: dict, types, apply: Callable, row_weight=None
    ):
        """Applies each batch augmentation to the rows of its type.

        Args:
            ops: `keras.ops`, or `augment.tensorflow_ops()`.
            batch: The rows, see `augment`, without `augmentation_weight`.
            partner: Their partners, with as many frames.
            types: The number of each row's type, int32 `(batch,)`.
            apply: A function from the number of a type, its batch augmentation, the
                batch and the partners to the augmented batch.
            row_weight: Multiplies the weights of all tasks of a row, float32
                `(batch,)`; None for 1.

        Returns:
            Features `(batch, time, dimensions)`, and dictionaries of labels and
            weights by task.
        """
        clean = batch["features"]
        ones = ops.ones_like(clean[:, 0, 0])
        batch, partner = (
            {**each, "augmentation_weight": ones} for each in (batch, partner)
        )
        unmixed = batch["labels"], batch["known"]
        is_mixed = types < 0
        for number, augmentation in batch_augmentations(self.augment):
            chosen = types == number
            changed = apply(number, augmentation, batch, partner)
            batch = _select_rows(ops, chosen, changed, batch)
            if augmentation.softens:
                is_mixed |= chosen
        target = clean if self.denoising else batch["features"]
        found = self._outputs(ops, batch, types, target, unmixed, is_mixed)
        if row_weight is None:
            return found
        features, labels, weights = found
        return features, labels, {k: v * row_weight for k, v in weights.items()}

    def unaugmented(self, ops, batch: dict, types):
        """Labels and weights of rows that no batch augmentation changes.

        Args and returns: As for `augmented`.
        """
        features = batch["features"]
        batch = {**batch, "augmentation_weight": ops.ones_like(features[:, 0, 0])}
        unmixed = batch["labels"], batch["known"]
        return self._outputs(ops, batch, types, features, unmixed, types < 0)

    def _outputs(self, ops, batch, types, target, unmixed, is_mixed):
        """Features, labels and weights of a batch, as `Task.target` makes them."""
        balance = type_weights(self.variants, self.rows)
        weight = ops.take(balance, types) * batch["augmentation_weight"]
        rows = {
            "features": batch["features"],
            "reconstruction": target,
            "labels": batch["labels"],
            "known": batch["known"],
            "unmixed_labels": unmixed[0],
            "unmixed_known": unmixed[1],
            "is_unmixed": ops.where(is_mixed, 0.0, 1.0),
            "type": ops.one_hot(types, len(balance)),
            "type_weight": weight,
            "ones": ops.ones_like(weight),
        }
        targets = {task.name: task.target(rows) for task in self.tasks}
        labels = {name: label for name, (label, _) in targets.items()}
        weights = {name: weight for name, (_, weight) in targets.items()}
        return batch["features"], labels, weights


def batch_augmentations(augment: Iterable) -> list[tuple[int, Any]]:
    """The batch augmentations, each with the number of its type."""
    return [
        (number, each) for number, each in enumerate(augment, 1) if each.kind == "batch"
    ]


def to_labels(ops, tasks: Iterable[ColumnTask], values: Mapping) -> dict:
    """Labels and whether they are known, from what the tasks read of a table.

    Args:
        ops: As for `BatchMaker.augmented`.
        tasks: The tasks.
        values: Class numbers or floats of each task, of any shape `(…)`. −1 and NaN are
            unknown.

    Returns:
        `{"labels": {task: (…, size)}, "known": {task: (…)}}`. Unknown labels are 0.
    """
    labels, known = {}, {}
    for task in tasks:
        value = values[task.name]
        if task.classes:
            labels[task.name] = ops.one_hot(value, task.size)
            known[task.name] = ops.where(value >= 0, 1.0, 0.0)
        else:
            is_known = ops.isfinite(value)
            labels[task.name] = ops.where(is_known, value, 0.0)[..., None]
            known[task.name] = ops.where(is_known, 1.0, 0.0)
    return {"labels": labels, "known": known}


def _select_rows(ops, chosen, changed: Mapping, original: Mapping) -> dict:
    """The changed rows where `chosen` is true, the original rows elsewhere.

    Args:
        ops: As for `BatchMaker.augmented`.
        chosen: Booleans, `(batch,)`.
        changed: Tensors of a batch, which may be nested in dictionaries.
        original: Tensors with the same keys.
    """

    def select(new, old):
        if isinstance(old, Mapping):
            return {name: select(new[name], old[name]) for name in old}
        shape = [-1] + [1] * (len(old.shape) - 1)
        return ops.where(ops.reshape(chosen, shape), new, old)

    return select(changed, original)
