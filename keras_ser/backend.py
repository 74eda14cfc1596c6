"""What depends on the machine and the Keras backend."""

import contextlib
import os

PACKAGES = ("librosa", "numpy", "opensmile", "scikit-learn", "soundfile", "soxr")


def set_threads(threads: int) -> None:
    """Limits TensorFlow to this many CPU threads; before anything ran on it.

    Sums over threads are added in another order than sums over one: results
    repeat to the last bit for equal numbers of threads only.

    Raises:
        ValueError: TensorFlow is at work already, with another number.
    """
    import tensorflow as tf

    if tf.config.threading.get_intra_op_parallelism_threads() == threads:
        return
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
    except RuntimeError as error:
        raise ValueError(
            f"Threads must be set before TensorFlow is used. Received: {threads} "
            "afterwards. Start a new process."
        ) from error


def describe() -> dict:
    """Backend, versions, device and threads, for a run's record.

    Of the packages that decide features and scores, those that are installed.
    """
    import platform

    import keras
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    return {
        "python": platform.python_version(),
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
        "backend": keras.backend.backend(),
        "device": gpus[0].name if gpus else f"CPU, {os.cpu_count()} cores",
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "default"),
        "threads": tf.config.threading.get_intra_op_parallelism_threads(),
        **_versions(),
    }


def _versions() -> dict[str, str]:
    from importlib import metadata

    found = {}
    for package in PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[package] = metadata.version(package)
    return found
