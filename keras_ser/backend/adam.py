"""Adam whose update of a weight is one kernel on TensorFlow, instead of 28 operations.

The equations are those of Keras. The graph of a training step is traced faster, and its
updates pass over each weight three times instead of a dozen.
"""

from typing import Any

import keras


class _OneKernel:
    """Overrides the update of `keras.optimizers.Adam`."""

    def apply(self, grads, trainable_variables=None):
        self._scalars: dict[str, Any] = {}  # of this step, by the type of the weights
        try:
            return super().apply(grads, trainable_variables)
        finally:
            self._scalars = {}  # tensors of a graph that must not outlive it

    def update_step(self, gradient, variable, learning_rate):
        # A sparse gradient has no dense shape, and AMSGrad no kernel.
        is_dense = hasattr(gradient, "shape") and not hasattr(gradient, "indices")
        is_variable = hasattr(variable, "handle")  # of TensorFlow
        if self.amsgrad or not is_dense or not is_variable:
            return super().update_step(gradient, variable, learning_rate)
        import tensorflow as tf

        kind = variable.dtype
        if kind not in self._scalars:
            self._scalars[kind] = self._scalars_of(kind, learning_rate)
        index = self._get_variable_index(variable)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            grad=tf.cast(gradient, kind),
            **self._scalars[kind],
        )
        return None

    def _scalars_of(self, kind, learning_rate) -> dict[str, Any]:
        import tensorflow as tf

        betas = (tf.constant(each, kind) for each in (self.beta_1, self.beta_2))
        beta_1, beta_2 = betas
        # With gradient accumulation, `iterations` is a tensor.
        step = tf.cast(tf.convert_to_tensor(self.iterations) + 1, kind)
        return {
            "beta1_power": tf.pow(beta_1, step),
            "beta2_power": tf.pow(beta_2, step),
            "lr": tf.cast(learning_rate, kind),
            "beta1": beta_1,
            "beta2": beta_2,
            "epsilon": tf.constant(self.epsilon, kind),
        }


@keras.saving.register_keras_serializable("keras_ser")
class Adam(_OneKernel, keras.optimizers.Adam):
    """`keras.optimizers.Adam`, faster on TensorFlow.

    With the gradient g, the moments m and v, and step t, for each weight w

        m ← m + (1 − β₁) (g − m)        v ← v + (1 − β₂) (g² − v)
        w ← w − η √(1 − β₂ᵗ) / (1 − β₁ᵗ) · m / (√v + ε)

    Arguments, variables and results are those of Keras, up to rounding. With `amsgrad`,
    for sparse gradients and on other backends, it is that of Keras.

    Reference: Kingma and Ba, "Adam: a method for stochastic optimization", 2015.
    """


@keras.saving.register_keras_serializable("keras_ser")
class AdamW(_OneKernel, keras.optimizers.AdamW):
    """`keras.optimizers.AdamW`, faster on TensorFlow; see `Adam`.

    Reference: Loshchilov and Hutter, "Decoupled weight decay regularization", 2019.
    """


FASTER = {keras.optimizers.Adam: Adam, keras.optimizers.AdamW: AdamW}
