"""How many FLOP a function of JAX needs, and how many a device can do per second."""

import math
import time

import jax
import jax.numpy as jnp

SIZES = {"cpu": 2048}  # of the large matrices by platform
LARGE = 8192  # on the others
DTYPES = {"float32": jnp.float32, "bfloat16": jnp.bfloat16}
SECONDS = 0.5


def by_products(jaxpr) -> float:
    """The FLOP of the matrix products and convolutions of a function.

    Loops count as often as they run. Other operations are not counted.

    Args:
        jaxpr: From `jax.make_jaxpr`.

    Raises:
        ValueError: If a loop that may end at any time holds such products.
    """
    jaxpr = getattr(jaxpr, "jaxpr", jaxpr)
    return sum(_of_equation(each) for each in jaxpr.eqns)


def _of_equation(equation) -> float:
    name, parameters = equation.primitive.name, equation.params
    if name == "dot_general":
        (contracted, _), _ = parameters["dimension_numbers"]
        shape = equation.invars[0].aval.shape
        return 2.0 * _size(equation) * math.prod(shape[axis] for axis in contracted)
    if name == "conv_general_dilated":
        return _of_convolution(equation)
    times = parameters["length"] if name == "scan" else 1
    inner = [by_products(each) for each in _functions(parameters)]
    if name == "while" and sum(inner):
        raise ValueError(
            "Loops with products must have a known length (`scan`), so that these can "
            "be counted. Received: a `while` loop. Write it with `ops.scan`."
        )
    return times * (max(inner, default=0.0) if name == "cond" else sum(inner))


def _of_convolution(equation) -> float:
    """Zeros between the inputs of a transposed convolution count as nothing."""
    kernel = equation.invars[1].aval.shape
    numbers = equation.params["dimension_numbers"].rhs_spec
    taps = math.prod(kernel[axis] for axis in numbers[1:])
    return 2.0 * _size(equation) * taps / math.prod(equation.params["lhs_dilation"])


def _size(equation) -> int:
    return math.prod(equation.outvars[0].aval.shape)


def _functions(parameters: dict) -> list:
    """The functions that an operation calls."""
    found = []
    for value in parameters.values():
        for each in value if isinstance(value, tuple | list) else [value]:
            if hasattr(each, "eqns") or hasattr(each, "jaxpr"):
                found.append(each)
    return found


def by_xla(compiled, models: int) -> float | None:
    """The FLOP per model that XLA counts in a compiled function, if it does.

    It counts a loop, such as an epoch or an LSTM, as one of its iterations.
    """
    found = compiled.cost_analysis() or {}
    found = found[0] if isinstance(found, list) else found
    return found["flops"] / models if found.get("flops", 0) > 0 else None


def bound(precision: str) -> float:
    """The FLOP per second of products of large square matrices on this device.

    Args:
        precision: A name in `DTYPES`. A GPU may round products of float32 to TF32.
    """
    size = SIZES.get(jax.devices()[0].platform, LARGE)
    matrix = jnp.ones((size, size), DTYPES[precision])
    product = jax.jit(jnp.matmul)
    jax.block_until_ready(product(matrix, matrix))
    best, ending = math.inf, time.perf_counter() + SECONDS
    while time.perf_counter() < ending:
        started = time.perf_counter()
        jax.block_until_ready(product(matrix, matrix))
        best = min(best, time.perf_counter() - started)
    return 2.0 * size**3 / best
