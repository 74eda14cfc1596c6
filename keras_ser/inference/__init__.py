"""Inference with trained models: predictions for audio files, model files, export."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "about",
        "compact",
        "demonstration",
        "exporters",
        "formats",
        "inputs",
        "model_file",
        "onnx_file",
        "predicting",
        "recogniser",
        "timelines",
    ],
    submod_attrs={
        "exporters": ["export"],
        "formats": ["FORMATS"],
        "onnx_file": ["OnnxRecogniser"],
        "predicting": ["embed", "load", "predict"],
        "recogniser": ["Recogniser", "Recognizer"],
        "timelines": ["draw_timelines"],
    },
)
