"""Augmentations of speech. Their types are the labels of the augmentation head.

There are two kinds. A *waveform* augmentation lists transforms of raw speech, and the
feature store keeps the features of each variant next to those of the original. A
*batch* augmentation changes normalised features inside tf.data. It takes a batch, a
batch of partners and a seed, and returns a batch. It has no state, so equal seeds give
equal batches.

`BatchAugmentation` does this in two steps: `draw` turns the seed into a few numbers per
row, and `apply` uses them. A training plan keeps these numbers (see `data.plan`), so
that models that train together on a GPU see the same augmentation.

A batch is a dictionary of tensors:

| key | shape | value |
|---|---|---|
| `features` | `(batch, time, dimensions)` | normalised features, 0 in the padding |
| `frames` | int32 `(batch,)` | number of unpadded frames |
| `labels` | `{task: (batch, size)}` | one-hot or soft labels or numbers, 0 if unknown |
| `known` | `{task: (batch,)}` | 1 in rows whose label of the task is known, else 0 |
| `augmentation_weight` | `(batch,)` | weight of the row on the augmentation head |

To add a type, write a class with `name` and `kind` and add it to `AUGMENTATIONS`. A
waveform augmentation also has `transforms`. A batch augmentation is callable and has
`softens` (whether its labels may be soft) and `needs_partner`; a subclass of
`BatchAugmentation` needs `draw` and `apply` instead of a call. One with
`masks_frequencies` is rejected for features whose dimensions have no order.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["batch_augmentation", "mixup", "registry", "specaugment", "speed"],
    submod_attrs={
        "batch_augmentation": ["BatchAugmentation", "tensorflow_ops"],
        "mixup": ["Mixup"],
        "registry": ["AUGMENTATIONS", "NONE", "get", "instances", "types"],
        "specaugment": ["SpecAugment"],
        "speed": ["SpeedPerturbation"],
    },
)
