"""On how many devices, and in which precision, a job computes."""

import contextlib

import keras

from keras_ser import backend


class _Shared(keras.distribution.DataParallel):
    """Data parallelism for batches of any size.

    A batch whose rows the devices cannot share evenly, such as the last one of an
    evaluation, is computed by each of them.
    """

    def get_data_layout(self, data_shape):
        if data_shape[0] % self.num_model_replicas == 0:
            return super().get_data_layout(data_shape)
        undivided = [None] * len(data_shape)
        return keras.distribution.TensorLayout(undivided, self.device_mesh)


@contextlib.contextmanager
def shared(count: int, batch: int):
    """Within it, models are built and trained on this many devices.

    Each has all weights and an equal share of a batch's rows. Sums and moments run
    over the whole batch, so that the result is that of one device but for rounding.
    TensorFlow, where it only feeds another backend, is kept off the GPUs.

    Args:
        count: devices; 1 changes nothing else.
        batch: labelled rows a training batch.

    Raises:
        ValueError: the backend has fewer devices, or cannot share such a batch.
    """
    backend.reserve_accelerators()
    if count == 1:
        yield
        return
    check_devices(count, batch)
    found = backend.devices()
    if len(found) < count:
        raise ValueError(
            f"`devices` must be at most {len(found)}, as there are {found}. Received: "
            f"{count}. To try it on a CPU, set XLA_FLAGS="
            f"--xla_force_host_platform_device_count={count} before the start."
        )
    with _Shared(devices=found[:count]).scope():
        yield


def check_devices(count: int, batch: int, workers: int = 1) -> None:
    """Refuses what no process can share, without starting the backend.

    Args:
        count: devices.
        batch: labelled rows a training batch.
        workers: processes at a time.

    Raises:
        ValueError: Keras does not distribute on the backend (on TensorFlow and
            PyTorch, Keras 3.15 takes a distribution and computes on one device);
            the rows cannot be shared evenly; or processes would share the devices.
    """
    name = keras.backend.backend()
    if count == 1:
        return
    if name != "jax":
        raise ValueError(
            f"`devices` above 1 needs the Keras backend jax. Received: {count} on "
            f"{name}. Set KERAS_BACKEND=jax, or give one device."
        )
    if batch % count:
        raise ValueError(
            f"`training.batch` must be a multiple of the devices, {count}. "
            f"Received: {batch}. Set another batch or number of devices."
        )
    if workers > 1:
        raise ValueError(
            f"`devices` above 1 needs one process, as all would take the same. "
            f"Received: {count} devices, {workers} workers. Give 1 of either."
        )


def short_first(batches):
    """A dataset for evaluation whose batches the devices can share.

    Keras decides by the first batch of a dataset how all are divided. The last one,
    which may have fewer rows, therefore comes first; with one device, all stays.

    Args:
        batches: finite `tf.data.Dataset`.
    """
    if keras.distribution.distribution() is None:
        return batches
    last = int(batches.cardinality()) - 1
    return batches.skip(last).concatenate(batches.take(last))


@contextlib.contextmanager
def precision(name: str):
    """Within it, layers are built in this precision.

    Args:
        name: of a Keras dtype policy, one of `config.PRECISIONS`.
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
