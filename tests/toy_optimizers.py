"""A toy model whose parts are trained by two optimizers, for tests on TensorFlow."""

import keras


class TwoParts(keras.Model):
    """A hidden layer with batch normalisation, and an output layer.

    The optimizer `body` updates the hidden layer and `head` the output layer.
    """

    optimizer_names = ("body", "head")

    def __init__(self, units=3):
        features = keras.Input((2,))
        hidden = keras.layers.Dense(units, activation="relu", name="hidden")(features)
        hidden = keras.layers.BatchNormalization(name="norm", momentum=0.5)(hidden)
        output = keras.layers.Dense(1, name="output")(hidden)
        super().__init__(features, output)

    def compile(self, optimizer, **arguments):
        super().compile(optimizer["body"], **arguments)
        self.optimizers = dict(optimizer)

    def variables_of(self, name):
        parts = {"body": ("hidden", "norm"), "head": ("output",)}[name]
        layers = [self.get_layer(part) for part in parts]
        return [each for layer in layers for each in layer.trainable_variables]

    def train_step(self, data):
        import tensorflow as tf

        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape(persistent=True) as tape:
            loss = self.compute_loss(x, y, self(x, training=True))
        for name, optimizer in self.optimizers.items():
            variables = self.variables_of(name)
            optimizer.apply(tape.gradient(loss, variables), variables)
        return {"loss": loss}


def two_parts(rates=(0.1, 0.02), units=3, **arguments):
    """The model with an Adam for its body and an SGD with momentum for its head."""
    body, head = rates
    model = TwoParts(units)
    optimizer = {
        "body": keras.optimizers.Adam(body),
        "head": keras.optimizers.SGD(head, momentum=0.9),
    }
    model.compile(optimizer, loss="mse", **arguments)
    return model
