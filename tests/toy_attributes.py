"""A small model with attributes in every approach, and batches for it."""

import keras
import numpy as np

from keras_ser import layers, tasks
from keras_ser.models import DiscriminatedModel, attribute_heads, heads

CLASSES = ("anger", "neutral", "sadness")
NAMES = {"gender": ("female", "male"), "corpus": ("a", "b", "c")}
BOTH = ("gender", "corpus")
APPROACHES = attribute_heads.APPROACHES
DIMENSIONS = 16


@keras.saving.register_keras_serializable("toy")
class SmallAttributes(DiscriminatedModel):
    """The mean over time, a dense layer, and heads; trained in a moment."""

    def __init__(
        self,
        classes,
        vocabularies=None,
        dimensions=DIMENSIONS,
        attributes=BOTH,
        approach="multi_task",
        dropout=0.0,
        **kwargs,
    ):
        names = attribute_heads.names_of(vocabularies, attributes)
        features = keras.Input((None, dimensions), name="features")
        drop = heads.dropout(dropout, name="dropout")
        embed = heads.dense(8, name="embedding")
        embedding = embed(drop(layers.MaskedMean()(features)))
        posterior = heads.classifier(len(classes), name="emotion")(embedding)
        if approach == "discriminator":
            made = attribute_heads.discriminators(names, 6)
            found = attribute_heads.discriminate(posterior, made)
        else:
            made = attribute_heads.shared_heads(names, approach)
            found = attribute_heads.classify_shared(embedding, made)
        emotion = tasks.Classification("emotion", classes)
        super().__init__(
            inputs=features,
            outputs={"emotion": posterior, **found},
            tasks=attribute_heads.with_attributes([emotion], names, approach),
            embedding=embedding,
            arguments={
                "vocabularies": names,
                "attributes": attributes,
                "approach": approach,
                "dropout": dropout,
            },
            **kwargs,
        )

    def objective(self, alpha=None):
        return super().objective(**self._weighed(alpha))


def small(approach="multi_task", classes=CLASSES, names=NAMES, **arguments):
    """A new model, with the same weights each time."""
    keras.utils.set_random_seed(0)
    return SmallAttributes(classes, names, approach=approach, **arguments)


def batch_for(model, rows=6, time=9):
    """Features, labels and weights; the last two rows have no emotion."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(rows, time, model.dimensions)).astype("float32")
    features[1, time // 2 :] = 0
    labels = {
        task.name: np.eye(task.size, dtype="float32")[rng.integers(0, task.size, rows)]
        for task in model.tasks
    }
    weights = {head: np.ones(rows, "float32") for head in model.heads}
    weights["emotion"][-2:] = 0
    weights[model.heads[-1]][0] = 0
    return features, labels, weights


def compiled(model, optimizer=keras.optimizers.SGD, rate=0.1, objective=(), **options):
    """The model, with an optimizer for each of its names."""
    names = model.optimizer_names
    rates = rate if isinstance(rate, dict) else dict.fromkeys(names, rate)
    given = {name: optimizer(rates[name], **options) for name in names}
    model.compile(given, **model.objective(**dict(objective)))
    return model
