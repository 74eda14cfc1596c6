"""The optimizers of a model by name, whether it has one or several."""

import keras

MAIN = "main"  # the name of a single optimizer


def optimizers_of(model: keras.Model) -> dict[str, keras.optimizers.Optimizer]:
    """The optimizers of a compiled model by name.

    Args:
        model: A model with a dictionary `optimizers`, or any other Keras model, whose
            optimizer is called `main`.
    """
    found = getattr(model, "optimizers", None)
    return dict(found) if found else {MAIN: model.optimizer}


def build_optimizers(model: keras.Model) -> None:
    """Creates the variables of all optimizers that do not have them yet.

    Args:
        model: A compiled model. If it has several optimizers, `variables_of(name)`
            returns the variables that each of them updates.
    """
    for name, optimizer in optimizers_of(model).items():
        if not optimizer.built:
            variables_of = getattr(model, "variables_of", None)
            variables = (
                variables_of(name) if variables_of else model.trainable_variables
            )
            optimizer.build(variables)


def state_of(optimizer: keras.optimizers.Optimizer) -> list[keras.Variable]:
    """The variables of an optimizer, without the learning rate."""
    rate = optimizer.learning_rate
    return [each for each in optimizer.variables if each is not rate]


def rate_of(optimizer: keras.optimizers.Optimizer) -> float:
    """The learning rate of an optimizer."""
    return float(keras.ops.convert_to_numpy(optimizer.learning_rate))
