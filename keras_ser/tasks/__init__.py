"""Tasks: what each head of a model learns, and from which column of the table.

A task is handed to everything that deals with a head. The pipeline makes labels and
sample weights from it, the model takes its loss and metrics, and the evaluation takes
the column that a prediction is compared with. A model lists its tasks, and the first
of them is the one that the model is built for. Its development score selects the
epoch, and attacks follow its gradient.

The labels of a *column task* come from a column of the corpus table. The labels of an
*input task* follow from what the pipeline did to the row.

The pipeline hands a batch to `target` as a dictionary of tensors:

| key | shape | value |
|---|---|---|
| `features` | `(batch, time, dimensions)` | the model's input |
| `reconstruction` | `(batch, time, dimensions)` | what the input is to be turned into |
| `labels` | `{task: (batch, size)}` | labels of column tasks, mixed by mixup |
| `known` | `{task: (batch,)}` | 1 where they are known, otherwise 0 |
| `unmixed_labels`, `unmixed_known` | as above | the same before mixup |
| `is_unmixed` | `(batch,)` | 0 in rows of mixup, otherwise 1 |
| `type` | `(batch, types)` | one-hot type of augmentation |
| `type_weight` | `(batch,)` | weight that balances the types |
| `ones` | `(batch,)` | 1 everywhere |
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "base",
        "centers",
        "classification",
        "factories",
        "inputs",
        "regression",
        "vocabularies",
    ],
    submod_attrs={
        "base": ["AFFECT", "EMOTION", "ColumnTask", "Task"],
        "centers": ["Centers"],
        "classification": ["Classification"],
        "factories": ["mtl_aug_tasks", "of_column"],
        "inputs": ["AugmentationType", "Reconstruction"],
        "regression": ["Regression"],
        "vocabularies": ["check_classes", "column_of", "vocabulary"],
    },
)
