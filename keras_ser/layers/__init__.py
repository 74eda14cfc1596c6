"""Layers of the package. They use `keras.ops` only and run on every Keras backend."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "attention_pooling",
        "blstm",
        "class_centers",
        "convolution",
        "dense_block",
        "global_pooling",
        "highway",
        "log_mel",
        "lstm",
        "normalisation",
        "packing",
        "padding",
        "recurrence",
        "short_time",
        "spectrogram",
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
        "dense_block": ["DenseBlock", "Transition"],
        "global_pooling": ["GlobalPooling"],
        "highway": ["Highway"],
        "log_mel": ["LogMel"],
        "lstm": ["LSTM"],
        "normalisation": ["SpeechBatchNorm", "SpeechGroupNorm"],
        "packing": ["Pack", "Unpack"],
        "padding": ["CropLike", "Frames", "PadTime"],
        "spectrogram": ["Spectrogram"],
        "utterance_normalisation": ["UtteranceNormalisation"],
    },
)
