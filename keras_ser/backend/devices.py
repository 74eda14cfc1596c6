"""The number of devices that a job uses, and its precision."""

import contextlib

import keras

from keras_ser import backend


class _DataParallelOrReplicated(keras.distribution.DataParallel):
    """Data parallelism for batches of any size.

    A batch whose rows cannot be divided evenly among the devices, such as the last one
    of an evaluation, is computed by every device as a whole.
    """

    def get_data_layout(self, data_shape):
        if data_shape[0] % self.num_model_replicas == 0:
            return super().get_data_layout(data_shape)
        replicated = [None] * len(data_shape)
        return keras.distribution.TensorLayout(replicated, self.device_mesh)


@contextlib.contextmanager
def share_batches(count: int, batch: int):
    """Context in which models are built and trained on several devices.

    Each device holds all weights and computes an equal share of the rows of a batch.
    Sums and moments are over the whole batch, so the result is that of one device
    except for rounding. If TensorFlow only feeds another backend, it is kept off the
    GPUs.

    Args:
        count: Number of devices. With 1, only the rule for TensorFlow has an effect.
        batch: Number of labelled rows per training batch.

    Raises:
        ValueError: If the backend has fewer devices, or a batch cannot be divided
            evenly among them.

    Example:

    >>> with share_batches(2, batch=16):
    ...     model = MTLAug(("anger", "neutral"))
    """
    backend.reserve_accelerators()
    if count == 1:
        yield
        return
    check_devices(count, batch)
    found = check_available(count)
    with _DataParallelOrReplicated(devices=found[:count]).scope():
        yield


def check_devices(count: int, batch: int, workers: int = 1) -> None:
    """Raises if a job cannot use this many devices, without starting the backend.

    Args:
        count: Number of devices.
        batch: Number of labelled rows per training batch.
        workers: Number of processes that run at the same time.

    Raises:
        ValueError: If Keras does not distribute on the backend (on TensorFlow and
            PyTorch, Keras 3.15 accepts a distribution but computes on one device), if
            the rows cannot be divided evenly, or if several processes would use the
            same devices.
    """
    name = keras.backend.backend()
    if count == 1:
        return
    if name != "jax":
        raise ValueError(
            f"`devices` above 1 needs the Keras backend jax. Received: {count} on "
            f"{name}. Set KERAS_BACKEND=jax, or use one device."
        )
    if batch % count:
        raise ValueError(
            f"`training.batch` must be a multiple of the number of devices, {count}. "
            f"Received: {batch}. Change the batch or the number of devices."
        )
    if workers > 1:
        raise ValueError(
            "`devices` above 1 needs a single worker, because all workers would use "
            f"the same devices. Received: {count} devices, {workers} workers. Set one "
            "of the two to 1."
        )


def check_available(count: int) -> list[str]:
    """Returns the names of the devices of the backend.

    Args:
        count: Number of devices that are needed.

    Raises:
        ValueError: If there are fewer.
    """
    found = backend.device_names()
    if len(found) < count:
        raise ValueError(
            f"`devices` must be at most {len(found)}, because the devices are {found}. "
            f"Received: {count}. Use fewer devices. To try it on a CPU, set XLA_FLAGS="
            f"--xla_force_host_platform_device_count={count} before the start."
        )
    return found


def check_together(together: int, workers: int, monitor: bool, cluster: str) -> None:
    """Checks that networks can train together.

    Args:
        together: How many of them train at the same time.
        workers: The number of processes.
        monitor: Whether trainings are monitored.
        cluster: The address of a cluster.

    Raises:
        ValueError: If `together` is not a positive integer, if the backend is not JAX,
            or if options exclude each other.
    """
    if type(together) is not int or together < 1:
        raise ValueError(
            "`together` must be a number of networks, 1 or more, or 0 to train each by "
            f"itself. Received: {together!r}."
        )
    name = keras.backend.backend()
    if name != "jax":
        raise ValueError(
            "`together` needs the Keras backend jax, which can train stacked models. "
            f"Received: the backend {name}. Set KERAS_BACKEND=jax before the start."
        )
    for option, value, usual in (
        ("workers", workers, 1),
        ("monitor", monitor, False),
        ("cluster", cluster, ""),
    ):
        if value != usual:
            raise ValueError(
                f"`together` excludes `{option}`, because a group trains in one "
                f"process. Received: together={together}, {option}={value!r}. Leave "
                "one of them out."
            )


def shortest_first(batches):
    """Moves the last batch of an evaluation to the front if devices share the batches.

    The first batch of a dataset decides how Keras divides all of them. The last batch,
    which may have fewer rows, therefore comes first. With one device, the dataset is
    returned unchanged.

    Args:
        batches: Finite `tf.data.Dataset`.

    Returns:
        The `tf.data.Dataset` with the same batches.
    """
    if keras.distribution.distribution() is None:
        return batches
    last = int(batches.cardinality()) - 1
    return batches.skip(last).concatenate(batches.take(last))


@contextlib.contextmanager
def precision(name: str):
    """Context in which layers are built with a dtype policy.

    Args:
        name: Name of a Keras dtype policy, one of `experiments.config.PRECISIONS`.
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
