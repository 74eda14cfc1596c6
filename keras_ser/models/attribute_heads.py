"""Heads that learn or unlearn attributes of the speech, such as the corpus.

Equation numbers are those of Parry et al. 2022, "Speech emotion recognition in the wild
using multi-task and adversarial learning", Interspeech.
"""

import dataclasses
from collections.abc import Mapping, Sequence

import keras

from keras_ser import layers
from keras_ser.models import heads
from keras_ser.tasks import AFFECT, Classification, Task
from keras_ser.utils.choices import check_choice

MULTI_TASK, REVERSAL = "multi_task", "gradient_reversal"
DISCRIMINATOR = "discriminator"
SHARED = (MULTI_TASK, REVERSAL)  # approaches with heads on shared layers
APPROACHES = (*SHARED, DISCRIMINATOR)
ALPHAS = {MULTI_TASK: 0.1, REVERSAL: 0.5, DISCRIMINATOR: 0.5}


def check_attributes(
    attributes: Sequence[str],
    approach: str,
    approaches: Sequence[str] = SHARED,
    taken: Sequence[str] = (),
) -> None:
    """Checks the arguments `attributes` and `approach` of a model.

    Args:
        attributes: The columns that become heads.
        approach: What the model does with them.
        approaches: The approaches that the model knows.
        taken: The names of its other heads.

    Raises:
        ValueError: If the approach is unknown, or if the attributes are not different
            names of columns other than those of the affect.
    """
    check_choice("approach", approach, approaches)
    is_list = isinstance(attributes, list | tuple)
    names = list(attributes) if is_list else [attributes]
    reserved = {*AFFECT, *taken}
    are_free = all(type(each) is str and each not in reserved for each in names)
    if not is_list or not are_free or "" in names or len(set(names)) < len(names):
        raise ValueError(
            "`attributes` must be a list of different columns of the table, such as "
            f"['gender', 'language'], without {sorted(reserved)}. Received: "
            f"{str(attributes)[:80]!r}. Leave it out for a model without them."
        )


def names_of(
    vocabularies: Mapping[str, Sequence[str]] | None,
    attributes: Sequence[str],
    remedy: str = "leave these out of `attributes`",
) -> dict[str, tuple[str, ...]]:
    """The classes of each attribute.

    Args:
        vocabularies: The classes of columns of the table.
        attributes: The columns that a model has heads for.
        remedy: How to have a model without these heads, for the message; `{name}`
            stands for the first of them.

    Raises:
        ValueError: If those of one are missing.
    """
    missing = [name for name in attributes if name not in (vocabularies or {})]
    if missing:
        raise ValueError(
            f"`vocabularies` must have the classes of {list(attributes)}. Received: "
            f"none of {missing}. Pass {{column: tasks.vocabulary(fold.sides()['train']"
            f", column)}}, or {remedy.format(name=missing[0])}."
        )
    return {name: tuple(vocabularies[name]) for name in attributes}


def loss_weights(alpha: float, count: int, approach: str) -> tuple[float, float]:
    """The weights of the emotion and of each attribute.

    They are 1 − α and α / N with N attributes (Eq. 1 and 2), and 1 − α and −α / N with
    discriminators (Eq. 3).

    Args:
        alpha: α.
        count: N.
        approach: One of `APPROACHES`.
    """
    sign = -1 if approach == DISCRIMINATOR else 1
    return 1 - alpha, sign * alpha / count


def with_attributes(
    tasks: Sequence[Task], names: Mapping[str, Sequence[str]], approach: str
) -> tuple[Task, ...]:
    """The tasks of a model, the emotion first, and those of its attributes.

    Args:
        tasks: The tasks of the model without attributes.
        names: The classes of each attribute; none for a model without attributes.
        approach: One of `APPROACHES`.
    """
    if not names:
        return tuple(tasks)
    weights = loss_weights(ALPHAS[approach], len(names), approach)
    emotion, *others = tasks
    unlearns = approach != MULTI_TASK
    attributes = [
        Classification(name, classes, adversarial=unlearns, weight=weights[1])
        for name, classes in names.items()
    ]
    return (dataclasses.replace(emotion, weight=weights[0]), *others, *attributes)


def shared_heads(
    names: Mapping[str, Sequence[str]], approach: str
) -> tuple[list, dict[str, keras.layers.Layer]]:
    """Layers of heads on shared layers: a reversal, if there is one, and softmaxes.

    Args:
        names: The classes of each attribute.
        approach: One of `SHARED`.
    """
    reverses = bool(names) and approach == REVERSAL
    reversal = [layers.GradientReversal(name="reversal")] if reverses else []
    return reversal, {
        name: heads.classifier(len(classes), name) for name, classes in names.items()
    }


def classify_shared(embedding, made: tuple) -> dict:
    """Applies `shared_heads`.

    Args:
        embedding: Tensor `(batch, units)`.
        made: Layers from `shared_heads`.

    Returns:
        The probabilities by attribute, each `(batch, classes)`.
    """
    reversal, classifiers = made
    for layer in reversal:
        embedding = layer(embedding)
    return {name: softmax(embedding) for name, softmax in classifiers.items()}


def discriminators(
    names: Mapping[str, Sequence[str]], units: int
) -> dict[str, list[keras.layers.Layer]]:
    """Layers of a discriminator per attribute: two dense layers and a softmax.

    Args:
        names: The classes of each attribute.
        units: The units of both dense layers.
    """
    made = {}
    for name, classes in names.items():
        first, second, last = discriminator_names(name)
        dense = heads.dense(units, first), heads.dense(units, second)
        made[name] = [*dense, heads.classifier(len(classes), last)]
    return made


def discriminator_names(attribute: str) -> tuple[str, str, str]:
    """The names of the layers of an attribute's discriminator."""
    return f"{attribute}_dense_1", f"{attribute}_dense_2", attribute


def discriminate(posterior, made: Mapping[str, Sequence]) -> dict:
    """Applies `discriminators`.

    Args:
        posterior: The probabilities of the emotions, `(batch, emotions)`.
        made: Layers from `discriminators`.

    Returns:
        The probabilities by attribute, each `(batch, classes)`.
    """
    outputs = {}
    for name, chain in made.items():
        hidden = posterior
        for layer in chain:
            hidden = layer(hidden)
        outputs[name] = hidden
    return outputs
