"""Models: functional Keras models whose outputs are named after their heads."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "base",
        "blocks",
        "checks",
        "cnn",
        "heads",
        "mtl_aug",
        "registry",
        "saving",
    ],
    submod_attrs={
        "base": ["SpeechModel"],
        "cnn": ["CNNAttention", "CNNBLSTMAttention"],
        "mtl_aug": ["BASELINE", "TABLE_7", "MTLAug"],
        "registry": ["MODELS"],
        "saving": ["check_saveable"],
    },
)
