"""Prints, as JSON, what the Keras backend of KERAS_BACKEND computes on.

`benchmarks/gpu.py` starts this script in a process of its own. It imports what the
measurements import, so that a missing package is found before anything is measured.
"""

import json
import os
from importlib import import_module

PACKAGES = {"jax": ["jax", "jaxlib"], "torch": ["torch"], "tensorflow": ["tensorflow"]}


def probe(name: str) -> dict:
    """The device and the versions of a backend, or an error in words."""
    try:
        device, is_gpu = DEVICES[name]()
        import keras

        from keras_ser.models import MODELS

        assert MODELS
    except Exception as error:  # whatever is wrong with it
        return {"error": describe_error(error)}
    versions = {each: import_module(each).__version__ for each in PACKAGES[name]}
    return {
        "device": device,
        "gpu": is_gpu,
        "versions": {"keras": keras.__version__, **versions},
    }


def describe_error(error: Exception) -> str:
    """The kind and the first line of an error."""
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0][:300]}"


def jax_device():
    import jax

    device = jax.devices()[0]
    return device.device_kind, device.platform == "gpu"


def torch_device():
    import torch

    if torch.cuda.is_available():
        return torch.cuda.get_device_name(), True
    return "cpu", False


def tensorflow_device():
    import tensorflow as tf

    found = tf.config.list_physical_devices("GPU")
    if not found:
        return "cpu", False
    details = tf.config.experimental.get_device_details(found[0])
    return details.get("device_name", "GPU"), True


DEVICES = {"jax": jax_device, "torch": torch_device, "tensorflow": tensorflow_device}


if __name__ == "__main__":
    print(json.dumps(probe(os.environ["KERAS_BACKEND"])))
