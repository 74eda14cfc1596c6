"""What depends on the machine and the Keras backend."""

import contextlib
import os
from collections.abc import Iterable

PACKAGES = ("librosa", "numpy", "opensmile", "scikit-learn", "soundfile", "soxr")
BACKEND_PACKAGES = {"jax": ("jax", "jaxlib"), "torch": ("torch",)}
JAX_THREADS = "PJRT_NPROC"


def set_tensorflow_defaults() -> None:
    """Environment variables for TensorFlow, unless they are set; before it loads.

    It prints less, and uses the kernels that train faster on processors for which it
    does not choose them by itself (benchmarks/onednn.py).
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")


def set_threads(threads: int) -> None:
    """Limits the backend to this many CPU threads; before anything ran on it.

    TensorFlow too, whose tf.data feeds every backend. Sums over threads are added in
    another order than sums over one: results repeat to the last bit for equal
    numbers of threads only.

    Raises:
        ValueError: TensorFlow or JAX is at work already, with another number.
    """
    import keras

    _limit_tensorflow(threads)
    name = keras.backend.backend()
    if name == "jax":
        _limit_jax(threads)
    elif name == "torch":
        import torch

        torch.set_num_threads(threads)


def _limit_tensorflow(threads: int) -> None:
    import tensorflow as tf

    if tf.config.threading.get_intra_op_parallelism_threads() == threads:
        return
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
    except RuntimeError as error:
        raise _too_late("TensorFlow", threads) from error


def _limit_jax(threads: int) -> None:
    """XLA takes its number of threads from the environment when it starts."""
    from jax._src import xla_bridge  # JAX has no public way to ask

    if os.environ.get(JAX_THREADS) == str(threads):
        return
    if xla_bridge.backends_are_initialized():
        raise _too_late("JAX", threads)
    os.environ[JAX_THREADS] = str(threads)


def _too_late(name: str, threads: int) -> ValueError:
    return ValueError(
        f"Threads must be set before {name} is used. Received: {threads} "
        "afterwards. Start a new process."
    )


def makes_variables_in_graphs() -> bool:
    """Whether a training step is traced again where it made variables."""
    import keras

    return keras.backend.backend() == "tensorflow"


def compiles_each_shape() -> bool:
    """Whether the backend compiles anew for each shape of a batch.

    JAX does, for many seconds: its batches are padded to the window, those of other
    backends to their longest utterance.
    """
    import keras

    return keras.backend.backend() == "jax"


def reserve_accelerators() -> None:
    """Keeps TensorFlow off GPUs on which another backend computes.

    It would take all their memory when it starts, and tf.data needs none.

    Raises:
        ValueError: TensorFlow is at work on them already.
    """
    import keras
    import tensorflow as tf

    name = keras.backend.backend()
    if name == "tensorflow":
        return
    try:
        tf.config.set_visible_devices([], "GPU")
    except RuntimeError as error:
        raise ValueError(
            f"On backend {name}, TensorFlow must leave the GPU alone. Received: it is "
            "at work there. Start a new process, and in it call `backend."
            "reserve_accelerators()` first."
        ) from error


def device_names() -> list[str]:
    """The devices that the backend computes on, such as `gpu:0`; starts it."""
    import keras

    if keras.backend.backend() != "torch":
        return keras.distribution.list_devices()
    import torch  # Keras 3.15 lists none of its devices

    kind = keras.ops.zeros(()).device.type
    if kind != "cuda":
        return [f"{kind}:0"]
    return [f"gpu:{number}" for number in range(torch.cuda.device_count())]


def describe() -> dict:
    """Backend, versions, device and threads, for a run's record.

    Of the packages that decide features and scores, those that are installed;
    `devices` where several share the batches. Starts the backend.
    """
    import platform

    import keras
    import tensorflow as tf

    name = keras.backend.backend()
    shared = keras.distribution.distribution()
    used = {} if shared is None else {"devices": shared.device_mesh.devices.tolist()}
    return {
        "python": platform.python_version(),
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
        "backend": name,
        "device": _device(name),
        **used,
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "default"),
        "threads": _threads(name),
        **_versions([*PACKAGES, *BACKEND_PACKAGES.get(name, ())]),
    }


def _device(backend: str) -> str:
    """What the devices are, and how many where there are several."""
    found = device_names()
    kind = found[0].partition(":")[0]
    name = f"CPU, {os.cpu_count()} cores"
    if kind != "cpu":
        name = _ACCELERATORS[backend](kind)
    return name if len(found) == 1 else f"{len(found)} × {name}"


def _of_tensorflow(kind: str) -> str:
    import tensorflow as tf

    first = tf.config.list_physical_devices(kind.upper())[0]
    return tf.config.experimental.get_device_details(first).get("device_name", kind)


def _of_jax(kind: str) -> str:
    import jax

    return jax.devices()[0].device_kind


def _of_torch(kind: str) -> str:
    import torch

    return torch.cuda.get_device_name(0) if kind == "gpu" else kind


_ACCELERATORS = {"jax": _of_jax, "tensorflow": _of_tensorflow, "torch": _of_torch}


def _threads(backend: str) -> int:
    """CPU threads of the backend; 0 for its own choice."""
    import tensorflow as tf

    if backend == "jax":
        return int(os.environ.get(JAX_THREADS, 0))
    if backend == "torch":
        import torch

        return torch.get_num_threads()
    return tf.config.threading.get_intra_op_parallelism_threads()


def _versions(packages: Iterable[str]) -> dict[str, str]:
    from importlib import metadata

    found = {}
    for package in packages:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[package] = metadata.version(package)
    return found
