"""Keras callbacks: schedules, averages, seeds, class centers, progress, checkpoint."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
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
