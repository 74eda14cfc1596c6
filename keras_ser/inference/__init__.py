"""Trained models at work: any audio in, posteriors out; export to other programs."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["exporters", "formats", "model_file", "recogniser"],
    submod_attrs={
        "exporters": ["export"],
        "formats": ["FORMATS"],
        "recogniser": ["Recogniser", "load", "predict"],
    },
)
