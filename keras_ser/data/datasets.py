"""Functions on tf.data: parallel maps, a fixed order, and rows of a batch."""

from collections.abc import Callable

import joblib

from keras_ser.backend.lazy_tensorflow import tf

PREFETCH_BATCHES = 2  # batches computed in parallel, and as many that are buffered


def parallel_map(
    dataset: "tf.data.Dataset", function: Callable, parallel: int | None = None
) -> "tf.data.Dataset":
    """Maps a function over a dataset, several elements at a time.

    The function must consist of graph operations only. TensorFlow then need not
    rewrite its source, which would take most of the time that a pipeline needs to
    start.

    Args:
        dataset: The elements.
        function: From one element to the new one.
        parallel: How many elements are computed at a time. The default is one per
            thread that TensorFlow may use.
    """
    function = tf.autograph.experimental.do_not_convert(function)
    return dataset.map(function, num_parallel_calls=parallel or _threads())


def make_deterministic(dataset: "tf.data.Dataset") -> "tf.data.Dataset":
    """Fixes the order of a dataset, and prefetches its elements.

    The order then does not depend on the threads. TensorFlow's autotuning is off: its
    thread may sleep for a minute when the dataset is dropped, and the end of a
    training would wait for it.
    """
    options = tf.data.Options()
    options.deterministic = True
    options.autotune.enabled = False
    return dataset.with_options(options).prefetch(PREFETCH_BATCHES)


def zero_row(row: dict) -> dict:
    """A row of zeros with as many frames, for a partner that is not needed."""
    zeros = tf.nest.map_structure(tf.zeros_like, row)
    return {**zeros, "frames": row["frames"]}


def pad_to_equal_length(batch: dict, partner: dict) -> tuple[dict, dict]:
    """Pads the features of both to the longer of the two."""
    time = tf.maximum(tf.shape(batch["features"])[1], tf.shape(partner["features"])[1])

    def pad(part):
        missing = time - tf.shape(part["features"])[1]
        features = tf.pad(part["features"], [[0, 0], [0, missing], [0, 0]])
        return {**part, "features": features}

    return pad(batch), pad(partner)


def _threads() -> int:
    chosen = tf.config.threading.get_intra_op_parallelism_threads()
    return chosen or joblib.cpu_count()
