"""Models that no paper has: two optimizers, a regression, heads without an encoder.

They derive from `models.SpeechModel` as a user's models do, and are in no registry.
"""

import keras
from keras import ops

from keras_ser import layers, tasks
from keras_ser.models import SpeechModel, heads


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
        embedding = drop(embed(layers.MaskedMean()(features)))
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
            arguments={"vocabularies": found, "attribute": attribute, "units": units},
            **kwargs,
        )

    @classmethod
    def columns(cls, attribute="gender", **arguments):
        return (attribute,)


@keras.saving.register_keras_serializable("toy")
class Pooled(SpeechModel):
    """The scored and unscored heads of MTL-AUG on the mean of the frames.

    A step of it takes far less time to compile than one of MTL-AUG.
    """

    def __init__(
        self,
        classes,
        augmentations=("none", "speed", "specaugment", "mixup"),
        dimensions=16,
        units=16,
        **kwargs,
    ):
        features = keras.Input((None, dimensions), name="features")
        embedding = heads.dense(units, name="embedding")(layers.MaskedMean()(features))
        types = heads.classifier(len(augmentations), name="augmentation")
        outputs = {
            "emotion": heads.classifier(len(classes), name="emotion")(embedding),
            "center": layers.ClassCenters(len(classes), name="center")(embedding),
            "augmentation": types(embedding),
        }
        super().__init__(
            inputs=features,
            outputs=outputs,
            tasks=[
                task
                for task in tasks.mtl_aug_tasks(classes, augmentations)
                if task.name in outputs
            ],
            embedding=embedding,
            arguments={"augmentations": augmentations, "units": units},
            **kwargs,
        )


@keras.saving.register_keras_serializable("toy")
class Critic(SpeechModel):
    """An emotion, and a critic with an optimizer of its own that names the gender."""

    optimizer_names = ("main", "critic")
    backends = ("tensorflow",)

    def __init__(self, classes, vocabularies=None, dimensions=16, **kwargs):
        genders = tuple(vocabularies["gender"])
        features = keras.Input((None, dimensions), name="features")
        embedding = heads.dense(8, name="embedding")(layers.MaskedMean()(features))
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
            arguments={"vocabularies": {"gender": genders}},
            **kwargs,
        )

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


@keras.saving.register_keras_serializable("toy")
class Valence(SpeechModel):
    """A number as the main task, and the emotion next to it."""

    def __init__(self, classes, dimensions=16, **kwargs):
        features = keras.Input((None, dimensions), name="features")
        embedding = heads.dense(8, name="embedding")(layers.MaskedMean()(features))
        super().__init__(
            inputs=features,
            outputs={
                "valence": keras.layers.Dense(1, name="valence")(embedding),
                "emotion": heads.classifier(len(classes), name="emotion")(embedding),
            },
            tasks=(
                tasks.Regression("valence"),
                tasks.Classification("emotion", classes),
            ),
            embedding=embedding,
            **kwargs,
        )


@keras.saving.register_keras_serializable("toy")
class Gender(SpeechModel):
    """The gender as the only task."""

    def __init__(self, classes, vocabularies=None, dimensions=16, **kwargs):
        genders = tuple(vocabularies["gender"])
        features = keras.Input((None, dimensions), name="features")
        embedding = heads.dense(8, name="embedding")(layers.MaskedMean()(features))
        super().__init__(
            inputs=features,
            outputs={
                "gender": heads.classifier(len(genders), name="gender")(embedding)
            },
            tasks=(tasks.Classification("gender", genders),),
            embedding=embedding,
            arguments={"vocabularies": {"gender": genders}},
            **kwargs,
        )

    @classmethod
    def columns(cls, **arguments):
        return ("gender",)
