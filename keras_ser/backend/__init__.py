"""Threads, devices, gradients and optimizers: what is below layers and models."""

from keras_ser.backend.autodiff import compiled, value_and_gradient
from keras_ser.backend.machine import (
    compiles_each_shape,
    describe,
    device_names,
    makes_variables_in_graphs,
    reserve_accelerators,
    set_tensorflow_defaults,
    set_threads,
    warn_of_unused_gpu,
)
from keras_ser.backend.notices import quiet

__all__ = [
    "compiled",
    "compiles_each_shape",
    "describe",
    "device_names",
    "makes_variables_in_graphs",
    "quiet",
    "reserve_accelerators",
    "set_tensorflow_defaults",
    "set_threads",
    "value_and_gradient",
    "warn_of_unused_gpu",
]
