"""Models that no paper has: two optimizers, a regression, a reversed attribute.

They derive from `models.SpeechModel` as a user's models do, and are in no registry.
"""

import keras
from keras import ops

from keras_ser import tasks
from keras_ser.layers import padding
from keras_ser.models import heads
from keras_ser.models.base import SpeechModel


@keras.saving.register_keras_serializable("toy")
class MeanOverTime(keras.layers.Layer):
    """The mean over the unpadded frames, `(batch, dimensions)`."""

    def call(self, features):
        frames = ops.cast(padding.count_frames(features), features.dtype)
        return ops.sum(features, axis=1) / frames[:, None]


@keras.saving.register_keras_serializable("toy")
class Reversal(keras.layers.Layer):
    """Returns x, with the gradient of −x."""

    def call(self, inputs):
        return 2 * ops.stop_gradient(inputs) - inputs


@keras.saving.register_keras_serializable("toy")
class Attributes(SpeechModel):
    """Emotion, valence as a number, and a reversed attribute of the speaker."""

    def __init__(
        self,
        classes,
        vocabularies=None,
        dimensions=16,
        attribute="gender",
        units=8,
        **kwargs,
    ):
        found = {attribute: tuple(vocabularies[attribute])}
        features = keras.Input((None, dimensions), name="features")
        embed = heads.dense(units, name="embedding")
        drop = keras.layers.Dropout(0.2, seed=1)
        embedding = drop(embed(MeanOverTime()(features)))
        attribute_head = heads.classifier(len(found[attribute]), name=attribute)
        outputs = {
            "emotion": heads.classifier(len(classes), name="emotion")(embedding),
            "valence": keras.layers.Dense(1, name="valence")(embedding),
            attribute: attribute_head(Reversal()(embedding)),
        }
        super().__init__(
            inputs=features,
            outputs=outputs,
            tasks=(
                tasks.Classification("emotion", classes),
                tasks.Regression("valence", weight=0.5),
                tasks.Classification(attribute, found[attribute], adversarial=True),
            ),
            embedding=embedding,
            **kwargs,
        )
        self.vocabularies, self.attribute, self.units = found, attribute, units

    @classmethod
    def columns(cls, attribute="gender", **arguments):
        return (attribute,)

    def get_config(self):
        return {
            **super().get_config(),
            "vocabularies": {k: list(v) for k, v in self.vocabularies.items()},
            "attribute": self.attribute,
            "units": self.units,
        }


@keras.saving.register_keras_serializable("toy")
class Critic(SpeechModel):
    """An emotion, and a critic with an optimizer of its own that names the gender."""

    optimizer_names = ("main", "critic")
    backends = ("tensorflow",)

    def __init__(self, classes, vocabularies=None, dimensions=16, **kwargs):
        genders = tuple(vocabularies["gender"])
        features = keras.Input((None, dimensions), name="features")
        embedding = heads.dense(8, name="embedding")(MeanOverTime()(features))
        drop = keras.layers.Dropout(0.2, seed=1)
        outputs = {
            "emotion": heads.classifier(len(classes), name="emotion")(drop(embedding)),
            "gender": heads.classifier(len(genders), name="gender")(embedding),
        }
        super().__init__(
            inputs=features,
            outputs=outputs,
            tasks=(
                tasks.Classification("emotion", classes),
                tasks.Classification("gender", genders, adversarial=True),
            ),
            embedding=embedding,
            **kwargs,
        )
        self.vocabularies = {"gender": genders}

    @classmethod
    def columns(cls, **arguments):
        return ("gender",)

    def variables_of(self, name):
        critic = self.get_layer("gender").trainable_variables
        ids = {id(each) for each in critic}
        others = [each for each in self.trainable_variables if id(each) not in ids]
        return {"main": others, "critic": critic}[name]

    def train_step(self, data):
        import tensorflow as tf

        features, labels, weights = data
        with tf.GradientTape(persistent=True) as tape:
            outputs = self(features, training=True)
            loss = self.compute_loss(features, labels, outputs, weights)
        for name, optimizer in self.optimizers.items():
            variables = self.variables_of(name)
            gradients = tape.gradient(loss, [each.value for each in variables])
            optimizer.apply(gradients, variables)
        self._loss_tracker.update_state(loss)
        return self.compute_metrics(features, labels, outputs, weights)

    def get_config(self):
        found = {k: list(v) for k, v in self.vocabularies.items()}
        return {**super().get_config(), "vocabularies": found}
