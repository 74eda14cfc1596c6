"""Keras callbacks: schedules, averages, α, seeds, class centers, and more."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "alpha",
        "averaging",
        "centers",
        "checkpoint",
        "cosine",
        "dev_windows",
        "halving",
        "progress",
        "schedule",
        "seeds",
    ],
    submod_attrs={
        "alpha": ["SetAlpha"],
        "averaging": ["AverageWeights", "OnAverages"],
        "centers": ["InitialiseCenters"],
        "checkpoint": ["Checkpoint"],
        "cosine": ["Constant", "Cosine"],
        "dev_windows": ["ScoreDevWindows"],
        "halving": ["Halve", "HalveAndRestore"],
        "progress": ["Progress"],
        "schedule": ["Schedule"],
        "seeds": ["ReseedEachEpoch"],
    },
)
