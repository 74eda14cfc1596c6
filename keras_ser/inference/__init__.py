"""Inference with trained models: predictions for audio files, model files, export."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "exporters",
        "formats",
        "inputs",
        "model_file",
        "recogniser",
        "timelines",
    ],
    submod_attrs={
        "exporters": ["export"],
        "formats": ["FORMATS"],
        "recogniser": ["Recogniser", "load", "predict"],
        "timelines": ["draw_timelines"],
    },
)
