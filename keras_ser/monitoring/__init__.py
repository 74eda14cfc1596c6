"""TensorBoard summaries of a training: pictures, speech, embeddings, gradients."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "gradients",
        "groups",
        "monitor",
        "outputs",
        "pictures",
        "projection",
    ],
    submod_attrs={"monitor": ["Monitor"]},
)
