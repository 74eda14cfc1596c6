"""Keras callbacks: schedule, seeds, class centers, progress, checkpoint."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["centers", "checkpoint", "progress", "schedule", "seeds"],
    submod_attrs={
        "centers": ["InitialiseCenters"],
        "checkpoint": ["Checkpoint"],
        "progress": ["Progress"],
        "schedule": ["HalveAndRestore"],
        "seeds": ["ReseedEachEpoch"],
    },
)
