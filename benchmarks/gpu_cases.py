"""Outputs, losses and gradients of models and layers on one device.

`benchmarks/gpu_correctness.py` starts this script for each backend, device and
precision. Inputs and weights come from NumPy, and there is no dropout, so that all
processes compute the same. FILE.npz receives one array per quantity of a case, and
FILE.json what could not be computed.

Command: KERAS_BACKEND=jax python benchmarks/gpu_cases.py FILE [--precision tf32]
"""

import argparse
import inspect
import json
from collections.abc import Callable
from pathlib import Path

import gpu_backend
import gpu_layers
import keras
import numpy as np
from gpu_probe import describe_error
from keras import ops

from keras_ser import backend
from keras_ser.models import MODELS

CLASSES = ("anger", "neutral", "sadness")
PRECISIONS = ("float32", "tf32", "mixed_bfloat16")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--precision", choices=PRECISIONS, default="float32")
    parser.add_argument("--only", default="", help="compute cases with this text")
    options = parser.parse_args()
    set_precision(options.precision)
    chosen = {k: v for k, v in make_cases().items() if options.only in k}
    arrays, problems = compute(chosen)
    np.savez(options.file.with_suffix(".npz"), **arrays)
    told = {"problems": problems, "lstm": gpu_backend.lstm_kernel()}
    options.file.with_suffix(".json").write_text(json.dumps(told), encoding="utf-8")


def set_precision(name: str) -> None:
    if name == "float32":
        gpu_backend.forbid_tf32()
    elif name == "tf32":
        gpu_backend.allow_tf32()
    else:
        keras.config.set_dtype_policy(name)


def make_cases() -> dict[str, Callable[[], dict]]:
    """From the name of each case to a function that computes its arrays."""
    found = {
        f"`models.{name}`": bind(model_arrays, kind) for name, kind in MODELS.items()
    }
    for name, (make, call, tensors) in gpu_layers.cases().items():
        found[name] = bind(layer_arrays, make, call, tensors)
    return found


def bind(function, *arguments):
    return lambda: function(*arguments)


def compute(cases: dict[str, Callable]) -> tuple[dict, dict]:
    """The arrays by case and quantity, and the errors by case."""
    arrays, problems = {}, {}
    for case, function in cases.items():
        keras.utils.set_random_seed(0)
        try:
            found = {name: to_numpy(array) for name, array in function().items()}
        except Exception as error:  # a case that fails ends no other case
            problems[case] = describe_error(error)
        else:
            arrays |= {f"{case}|{name}": array for name, array in found.items()}
    return arrays, problems


def model_arrays(kind: type) -> dict:
    """Outputs, and losses, gradients and moments of one training step.

    With a learning rate of 1, a step of SGD subtracts the gradient.
    """
    model = make_model(kind)
    set_weights(model.weights)
    features = gpu_layers.speech()
    outputs = backend.compiled(lambda x: model(x, training=False))(features)
    found = {f"outputs/{head}": outputs[head] for head in model.heads}
    before = [to_numpy(each) for each in model.trainable_variables]
    found |= {f"losses/{name}": value for name, value in train(model, features)}
    for number, each in enumerate(model.trainable_variables):
        found[f"gradients/{number}"] = before[number] - to_numpy(each)
    states = [each for each in model.non_trainable_variables if is_float(each)]
    return found | {f"states/{number}": each for number, each in enumerate(states)}


def make_model(kind: type):
    """A model without what draws random numbers, which differ between backends."""
    arguments = {"dimensions": gpu_layers.BANDS}
    for name, value in (("dropout", 0.0), ("adversarial", False)):
        if name in inspect.signature(kind).parameters:
            arguments[name] = value
    if kind.columns():
        arguments["vocabularies"] = {name: ("a", "b") for name in kind.columns()}
    return kind(CLASSES, **arguments)


def train(model, features) -> list[tuple]:
    """Train for one step on rows of which the last has no label; returns the losses."""
    optimizers = {name: keras.optimizers.SGD(1.0) for name in model.optimizer_names}
    if len(optimizers) == 1:
        (optimizers,) = optimizers.values()
    model.compile(optimizers, **model.objective())
    labels = {task.name: make_labels(task, features) for task in model.tasks}
    weight = np.array([1] * (len(features) - 1) + [0], "float32")
    logs = model.train_on_batch(
        features, labels, {head: weight for head in model.heads}, return_dict=True
    )
    return [(name, logs[name]) for name in sorted(logs) if name.endswith("loss")]


def make_labels(task, features) -> np.ndarray:
    """Labels of a task: one-hot classes in turn, numbers, or the features."""
    rows = np.arange(len(features))
    if task.classes:
        size = len(task.classes)
        return np.eye(size, dtype="float32")[rows % size]
    return gpu_layers.noise("labels", len(rows), 1) if task.size else features


def layer_arrays(make: Callable, call: Callable, tensors: list) -> dict:
    """Output of a layer, and gradients of its product with noise.

    The gradients are those in the layer's inputs and weights.
    """
    layer = make()
    inputs = [ops.convert_to_tensor(tensor) for tensor in tensors]
    output = call(layer, *inputs)  # builds the layer
    set_weights(getattr(layer, "weights", []))
    if not inputs or not is_float(output):
        return {"outputs": output}
    weights = getattr(layer, "trainable_weights", [])
    factors = ops.convert_to_tensor(gpu_layers.noise("factors", *output.shape))

    def project(values):
        mapping = list(zip(weights, values[len(inputs) :], strict=True))
        with keras.StatelessScope(state_mapping=mapping):
            output = call(layer, *values[: len(inputs)])
            return ops.sum(ops.cast(output, "float32") * factors)

    values = [*inputs, *(each.value for each in weights)]
    _, gradients = backend.value_and_gradient(project, values)
    found = {f"gradients/{n}": each for n, each in enumerate(gradients)}
    return {"outputs": call(layer, *inputs), **found}


def set_weights(weights) -> None:
    """Give weights values that are equal on every backend."""
    for number, weight in enumerate(weights):
        if not is_float(weight):
            continue  # the state of a random generator
        values = gpu_layers.noise(f"weight {number}", *weight.shape)
        if weight.name in ("gamma", "moving_variance"):
            values = 1 + 0.1 * np.abs(values)
        else:
            values = values / max(1, np.prod(weight.shape[:-1])) ** 0.5
        weight.assign(values)


def is_float(tensor) -> bool:
    return keras.backend.is_float_dtype(keras.backend.standardize_dtype(tensor.dtype))


def to_numpy(tensor) -> np.ndarray:
    """An array on the CPU, in float32 if it is of floats."""
    if hasattr(tensor, "dtype") and is_float(tensor):
        tensor = ops.cast(tensor, "float32")
    return np.array(ops.convert_to_numpy(tensor))


if __name__ == "__main__":
    main()
