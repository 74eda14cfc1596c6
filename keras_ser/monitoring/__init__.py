"""TensorBoard summaries of a training: pictures, speech, embeddings, gradients."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "epoch_logs",
        "gradients",
        "groups",
        "monitor",
        "outputs",
        "pictures",
        "projection",
    ],
    submod_attrs={"epoch_logs": ["EpochLogs"], "monitor": ["Monitor"]},
)
