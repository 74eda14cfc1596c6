"""Many models of one architecture that train at the same time, on JAX."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "checkpoints",
        "development",
        "placement",
        "probes",
        "slots",
        "states",
        "steps",
    ],
    submod_attrs={"members": ["Member", "Outcome"], "trainer": ["Trainer"]},
)
