"""Models: functional Keras models whose outputs are named after their heads."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "base",
        "blocks",
        "checks",
        "cnn",
        "cnn_lstm",
        "dense_blocks",
        "densenet",
        "densenet_highway",
        "heads",
        "mtl_aug",
        "presets",
        "registry",
        "saving",
    ],
    submod_attrs={
        "base": ["SpeechModel"],
        "cnn": ["CNNAttention", "CNNBLSTMAttention"],
        "cnn_lstm": ["CNN", "CNNLSTM"],
        "densenet": ["DenseNet", "DenseNetLSTM"],
        "densenet_highway": ["DenseNetHighway"],
        "mtl_aug": ["BASELINE", "TABLE_7", "MTLAug"],
        "registry": ["MODELS"],
        "saving": ["check_saveable"],
        "summary": ["LayerSummary", "Summary", "summarise"],
    },
)
