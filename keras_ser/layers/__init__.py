"""Layers of the package. They use `keras.ops` only and run on every Keras backend."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "attention_pooling",
        "blstm",
        "class_centers",
        "convolution",
        "log_mel",
        "normalisation",
        "packing",
        "padding",
        "utterance_normalisation",
    ],
    submod_attrs={
        "attention_pooling": [
            "AttentionWeights",
            "MaskedMean",
            "MeanWeights",
            "WeightedSum",
        ],
        "blstm": ["BLSTM"],
        "class_centers": ["ClassCenters"],
        "convolution": ["ConvBlock", "OutputLengths"],
        "log_mel": ["LogMel"],
        "normalisation": ["SpeechBatchNorm", "SpeechGroupNorm"],
        "packing": ["Pack", "Unpack"],
        "padding": ["CropLike", "Frames", "PadTime"],
        "utterance_normalisation": ["UtteranceNormalisation"],
    },
)
