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
        "phases",
        "presets",
        "registry",
        "saving",
        "ss_aae",
        "ss_aae_parts",
    ],
    submod_attrs={
        "base": ["SpeechModel"],
        "cnn": ["CNNAttention", "CNNBLSTMAttention"],
        "cnn_lstm": ["CNN", "CNNLSTM"],
        "densenet": ["DenseNet", "DenseNetLSTM"],
        "densenet_highway": ["DenseNetHighway"],
        "mtl_aug": ["BASELINE", "TABLE_7", "MTLAug"],
        "registry": ["MODELS"],
        "phases": ["PhasedModel"],
        "saving": ["check_saveable"],
        "ss_aae": ["SSAAE"],
        "summary": ["LayerSummary", "Summary", "summarise"],
    },
)
