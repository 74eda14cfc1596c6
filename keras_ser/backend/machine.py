"""Threads, devices and versions of the machine and of the Keras backend."""

import contextlib
import os
import platform
import sys
import warnings
from collections.abc import Iterable
from pathlib import Path

from keras_ser.backend.notices import quiet

PACKAGES = ("librosa", "numpy", "opensmile", "scikit-learn", "soundfile", "soxr")
BACKEND_PACKAGES = {"jax": ("jax", "jaxlib"), "torch": ("torch",)}
JAX_THREADS = "PJRT_NPROC"  # environment variable
ONEDNN = "TF_ENABLE_ONEDNN_OPTS"  # environment variable
WITHOUT_ONEDNN = (
    "Keras or TensorFlow was imported before, and TensorFlow does not use its oneDNN "
    "kernels on this processor by itself. Training is slower without them. "
    f"Set {ONEDNN}=1 before Python starts."
)
X86 = ("x86_64", "AMD64")
GPUS = Path("/proc/driver/nvidia/gpus")  # a folder per GPU that the driver sees
GPU_INSTALLATIONS = {
    "jax": 'pip install "jax[cuda12]"',
    "tensorflow": 'pip install "tensorflow[and-cuda]"',
    "torch": "a CUDA build of torch",
}


def set_tensorflow_defaults() -> None:
    """Sets environment variables of TensorFlow that are not set yet.

    It has to be called before TensorFlow is imported. TensorFlow then prints nothing
    but its errors (see `quiet`). It also uses its oneDNN kernels on processors for
    which it does not choose them by itself, although training with them is faster
    (`benchmarks/onednn.py`).

    If TensorFlow has been imported before, its choice is set instead. The processes
    that this one starts inherit it and compute the same to the last bit, and records
    name what was used. If this choice makes training slower, a warning says so once.
    """
    quiet()
    if ONEDNN not in os.environ:
        is_imported = sys.modules.get("tensorflow") is not None
        is_used = _uses_onednn() if is_imported else True
        os.environ[ONEDNN] = str(int(is_used))
        if not is_used and _onednn_would_help():
            warnings.warn(WITHOUT_ONEDNN, RuntimeWarning, stacklevel=3)


def _uses_onednn() -> bool:
    """Whether TensorFlow, which is imported, uses the kernels of oneDNN."""
    from tensorflow.python.util import _pywrap_util_port  # there is no public function

    return _pywrap_util_port.IsMklEnabled()


def _onednn_would_help() -> bool:
    """Whether TensorFlow computes, on a processor that its oneDNN kernels are for."""
    import keras

    return keras.backend.backend() == "tensorflow" and platform.machine() in X86


def set_threads(threads: int) -> None:
    """Limits the backend to a number of CPU threads, before it is used.

    TensorFlow is limited too, because tf.data feeds every backend, unless it is not
    installed. The number of threads changes the order in which sums are added: results
    repeat to the last bit only with the same number of threads.

    Args:
        threads: Number of CPU threads.

    Raises:
        ValueError: If TensorFlow or JAX is already in use with a different number.
    """
    import keras

    name = keras.backend.backend()
    if _uses_tensorflow(name):
        _limit_tensorflow(threads)
    if name == "jax":
        _limit_jax(threads)
    elif name == "torch":
        import torch

        torch.set_num_threads(threads)


def _uses_tensorflow(backend: str) -> bool:
    """Whether TensorFlow computes, or may feed another backend by tf.data."""
    from importlib import util

    if backend == "tensorflow":
        return True
    try:
        return util.find_spec("tensorflow") is not None
    except ModuleNotFoundError:  # from a finder that hides it
        return False


def _limit_tensorflow(threads: int) -> None:
    import tensorflow as tf

    if tf.config.threading.get_intra_op_parallelism_threads() == threads:
        return
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
    except RuntimeError as error:
        raise _already_used("TensorFlow", threads) from error


def _limit_jax(threads: int) -> None:
    """Sets the environment variable from which XLA reads its threads when it starts."""
    from jax._src import xla_bridge  # JAX has no public function for this

    if os.environ.get(JAX_THREADS) == str(threads):
        return
    if xla_bridge.backends_are_initialized():
        raise _already_used("JAX", threads)
    os.environ[JAX_THREADS] = str(threads)


def _already_used(name: str, threads: int) -> ValueError:
    return ValueError(
        f"Threads must be set before {name} is used. Received: {threads} threads "
        "afterwards. Start a new process."
    )


def makes_variables_in_graphs() -> bool:
    """Whether a training step that creates variables is traced a second time."""
    import keras

    return keras.backend.backend() == "tensorflow"


def compiles_each_shape() -> bool:
    """Whether the backend compiles a model for each shape of a batch.

    JAX does, which takes many seconds per shape. Its training batches are therefore
    padded to the training window. Those of other backends are padded to their longest
    utterance.
    """
    import keras

    return keras.backend.backend() == "jax"


def reserve_accelerators() -> None:
    """Keeps TensorFlow off the GPUs that another backend computes on.

    TensorFlow would take all their memory when it starts, and tf.data needs none. If
    TensorFlow is not installed, nothing happens.

    Raises:
        ValueError: If TensorFlow already uses the GPUs.
    """
    import keras

    name = keras.backend.backend()
    if name == "tensorflow" or not _uses_tensorflow(name):
        return
    import tensorflow as tf

    try:
        tf.config.set_visible_devices([], "GPU")
    except RuntimeError as error:
        raise ValueError(
            f"On backend {name}, TensorFlow must not use the GPU. Received: a process "
            "in which it already does. Start a new process, and first call "
            "`backend.reserve_accelerators()` in it."
        ) from error


def device_names() -> list[str]:
    """Returns the devices of the backend, such as `gpu:0`, and starts the backend."""
    import keras

    if keras.backend.backend() != "torch":
        return keras.distribution.list_devices()
    import torch  # Keras 3.15 does not list its devices

    kind = keras.ops.zeros(()).device.type
    if kind != "cuda":
        return [f"{kind}:0"]
    return [f"gpu:{number}" for number in range(torch.cuda.device_count())]


def describe() -> dict:
    """Describes the machine and the backend for the record of a run.

    The function starts the backend.

    Returns:
        Dictionary of JSON values: the backend, its device and number of threads, and
        the versions of Python and Keras. It also has the version of every installed
        package that the backend, features and scores depend on, and `devices` if
        several devices share the batches. The version of TensorFlow is left out if
        another backend computes and TensorFlow is not installed.
    """
    import platform

    import keras

    name = keras.backend.backend()
    shared = keras.distribution.distribution()
    used = {} if shared is None else {"devices": shared.device_mesh.devices.tolist()}
    return {
        "python": platform.python_version(),
        "keras": keras.__version__,
        **_tensorflow_version(name),
        "backend": name,
        "device": _device(name),
        **used,
        "onednn": os.environ.get(ONEDNN, "default"),
        "threads": _threads(name),
        **_versions([*PACKAGES, *BACKEND_PACKAGES.get(name, ())]),
    }


def warn_of_unused_gpu(backend: str, device: str) -> None:
    """Warns if a backend computes on the CPU of a machine that has an NVIDIA GPU.

    There is no warning if `CUDA_VISIBLE_DEVICES` hides all GPUs.

    Args:
        backend, device: As `describe` names them.
    """
    is_hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
    is_there = GPUS.is_dir() and any(GPUS.iterdir())
    if not device.startswith("CPU") or is_hidden or not is_there:
        return
    warnings.warn(
        f"This machine has an NVIDIA GPU, but {backend} computes on the CPU, which is "
        f"much slower. Install {backend} with its libraries for the GPU "
        f"({GPU_INSTALLATIONS[backend]}). To keep to the CPU without this warning, set "
        "the environment variable CUDA_VISIBLE_DEVICES=-1.",
        stacklevel=2,
    )


def _tensorflow_version(backend: str) -> dict[str, str]:
    """The version of TensorFlow, which is imported only if it computes."""
    if backend != "tensorflow":
        return _versions(["tensorflow"])
    import tensorflow as tf

    return {"tensorflow": tf.__version__}


def _device(backend: str) -> str:
    """The name of the device, with the number of devices if there are several."""
    found = device_names()
    kind = found[0].partition(":")[0]
    name = f"CPU, {os.cpu_count()} cores"
    if kind != "cpu":
        name = _DEVICE_NAMES[backend](kind)
    return name if len(found) == 1 else f"{len(found)} × {name}"


def _name_tensorflow_device(kind: str) -> str:
    import tensorflow as tf

    first = tf.config.list_physical_devices(kind.upper())[0]
    return tf.config.experimental.get_device_details(first).get("device_name", kind)


def _name_jax_device(kind: str) -> str:
    import jax

    return jax.devices()[0].device_kind


def _name_torch_device(kind: str) -> str:
    import torch

    return torch.cuda.get_device_name(0) if kind == "gpu" else kind


_DEVICE_NAMES = {
    "jax": _name_jax_device,
    "tensorflow": _name_tensorflow_device,
    "torch": _name_torch_device,
}


def _threads(backend: str) -> int:
    """Number of CPU threads of the backend; 0 if the backend chooses it itself."""
    if backend == "jax":
        return int(os.environ.get(JAX_THREADS, 0))
    if backend == "torch":
        import torch

        return torch.get_num_threads()
    import tensorflow as tf

    return tf.config.threading.get_intra_op_parallelism_threads()


def _versions(packages: Iterable[str]) -> dict[str, str]:
    from importlib import metadata

    found = {}
    for package in packages:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[package] = metadata.version(package)
    return found
