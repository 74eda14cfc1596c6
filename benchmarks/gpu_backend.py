"""What the GPU benchmark asks of a Keras backend: precision, kernels and memory."""

import keras
import numpy as np
from keras import ops

from keras_ser import backend
from keras_ser.layers import BLSTM


def forbid_tf32() -> None:
    """Keep products of float32 from being rounded to TF32 on a GPU."""
    name = keras.backend.backend()
    if name == "torch":
        import torch

        torch.backends.cudnn.allow_tf32 = False
        torch.set_float32_matmul_precision("highest")
    elif name == "jax":
        import jax

        jax.config.update("jax_default_matmul_precision", "highest")
    else:
        import tensorflow as tf

        tf.config.experimental.enable_tensor_float_32_execution(False)


def allow_tf32() -> None:
    """Let PyTorch round matrix products to TF32 on a GPU, as the others do.

    By default it rounds convolutions and recurrent layers only.
    """
    if keras.backend.backend() == "torch":
        import torch

        torch.set_float32_matmul_precision("high")


def synchronise() -> None:
    """Wait for the GPU. JAX and TensorFlow wait when `fit` reads the logs."""
    if keras.backend.backend() == "torch":
        import torch

        if torch.cuda.is_available():
            torch.cuda.synchronize()


def reset_peak_memory() -> None:
    """Forget the peak of PyTorch. JAX cannot, so its batches must grow."""
    if keras.backend.backend() == "torch":
        import torch

        if torch.cuda.is_available():
            torch.cuda.reset_peak_memory_stats()


def peak_memory() -> int | None:
    """The largest number of bytes in use on the GPU so far, if it is known."""
    name = keras.backend.backend()
    if name == "torch":
        import torch

        if torch.cuda.is_available():
            return torch.cuda.max_memory_allocated()
    elif name == "jax":
        import jax

        return (jax.devices()[0].memory_stats() or {}).get("peak_bytes_in_use")
    elif name == "tensorflow":
        import tensorflow as tf

        if tf.config.list_physical_devices("GPU"):
            return tf.config.experimental.get_memory_info("GPU:0")["peak"]
    return None


def lstm_kernel() -> str:
    """What `keras.layers.LSTM` computes with under the policy that is set.

    Keras tries cuDNN on a GPU. If that fails, it loops over time without a message.
    """
    layer = BLSTM(8, implementation="standard")
    sequence = np.ones((2, 5, 6), "float32")
    layer.build(sequence.shape)
    with _CountCalls() as calls:
        backend.compiled(layer)(ops.convert_to_tensor(sequence))
    return "cuDNN" if calls.finished else "a loop"


class _CountCalls:
    """Counts the calls of a backend's cuDNN LSTM that return."""

    finished = 0

    def __enter__(self):
        self._owner = _cudnn_module()
        if self._owner is not None:
            self._original = self._owner.lstm
            self._owner.lstm = self._call
        return self

    def __exit__(self, *_):
        if self._owner is not None:
            self._owner.lstm = self._original

    def _call(self, *arguments, **named):
        found = self._original(*arguments, **named)
        self.finished += 1
        return found


def _cudnn_module():
    """The module whose function `lstm` Keras calls for cuDNN."""
    name = keras.backend.backend()
    if name == "torch":
        import torch

        return torch._VF
    if name == "jax":
        from jax.experimental import rnn

        return rnn
    return None
