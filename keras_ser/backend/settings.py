"""Settings of Keras that change every model, from `keras.json` or `keras.config`."""

import keras

FLOAT = "float32"
EPSILON = 1e-7
POLICIES = ("float32", "mixed_float16", "mixed_bfloat16")


def check_numbers() -> None:
    """Checks that Keras computes with the numbers that results expect.

    The layers of the package put channels last by themselves, so `image_data_format`
    changes nothing.

    Raises:
        ValueError: If `floatx` or `epsilon` is not the default.
    """
    _check("floatx", keras.config.floatx(), FLOAT)
    _check("epsilon", keras.config.epsilon(), EPSILON)


def check_policy() -> None:
    """Checks that models can be built with the dtype policy of Keras.

    Raises:
        ValueError: If it is neither float32 nor mixed.
    """
    policy = keras.config.dtype_policy().name
    if policy not in POLICIES:
        raise ValueError(
            f"The dtype policy of Keras must be one of {list(POLICIES)} to build and "
            f"train models. Received: {policy!r}. Call "
            "keras.config.set_dtype_policy('float32')."
        )


def check_limits() -> None:
    """Checks that Keras trains as long as an experiment says.

    Raises:
        ValueError: If the environment limits the epochs or the steps of an epoch.
    """
    for name in ("max_epochs", "max_steps_per_epoch"):
        limit = getattr(keras.config, name, lambda: None)()
        if limit:
            raise ValueError(
                f"Keras must not limit the length of a training. Received: {name}="
                f"{limit}. Remove the environment variable KERAS_{name.upper()}, or "
                f"call keras.config.set_{name}(None)."
            )


def _check(name: str, received, expected) -> None:
    if received != expected:
        raise ValueError(
            f"The Keras setting `{name}` must be {expected!r} to build and train "
            f"models, because results depend on it. Received: {received!r}. Remove it "
            "from keras.json (in $KERAS_HOME, or in ~/.keras), or call "
            f"keras.config.set_{name}({expected!r})."
        )
