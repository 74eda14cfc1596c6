"""A fold as a tf.data pipeline for `model.fit`."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["datasets", "pipeline", "source", "statistics", "stream", "variants"],
    submod_attrs={"pipeline": ["Pipeline"]},
)
