"""Whether layers are traced for several models at once, with stacked weights."""

import contextlib
import threading
from collections.abc import Iterator

CONVOLUTIONS = ("products", "grouped")
_state = threading.local()


@contextlib.contextmanager
def stacking(convolutions: str = "products") -> Iterator[None]:
    """Context in which layers use operations that can be batched over their weights.

    `jax.vmap` over the weights of a layer batches most operations. cuDNN's LSTM has no
    batching rule, so `layers.BLSTM` uses its own loop. A convolution becomes one with a
    group per model, which is slow; `layers.ConvBlock` computes it as a matrix product
    of patches instead, which becomes a batched one.

    Args:
        convolutions: `"products"`, or `"grouped"` for the convolution with groups.
    """
    before = getattr(_state, "convolutions", None)
    _state.convolutions = convolutions
    try:
        yield
    finally:
        _state.convolutions = before


def is_stacking() -> bool:
    """Whether layers are traced inside `stacking`."""
    return getattr(_state, "convolutions", None) is not None


def uses_products() -> bool:
    """Whether convolutions are computed as matrix products."""
    return getattr(_state, "convolutions", None) == "products"
