"""Multiply-adds of models in inference, counted exactly in their program on JAX.

Counted are the products of matrices and the convolutions, and loops as often as they
run. Other operations, such as activations, normalisation and pooling, are not counted.
The program for an utterance of 2.56 s is compared with that for one of 5.12 s. The
difference is what a second of speech costs, and the rest is what an utterance costs in
addition, whatever its length. Speech is all that is counted, without padding.

Command: python benchmarks/multiply_adds.py [--models MTLAug,CNNAttention]
Requires JAX; no GPU is used. Cost: a few seconds.
"""

import argparse
import itertools
import json
import os
from collections.abc import Iterable

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_PLATFORMS"] = "cpu"

import flops
import jax
import keras
import tables
import variants

FRAMES, FRAMES_PER_SECOND = 256, 100
MILLION = 1e6


def of_model(model: keras.Model, frames: int) -> float:
    """The multiply-adds of a model for one utterance, in inference.

    Args:
        model: The model, with an input `(batch, time, dimensions)`.
        frames: The length of the utterance.
    """

    def infer(trained, untrained, features):
        return model.stateless_call(trained, untrained, features, training=False)[0]

    groups = model.trainable_variables, model.non_trainable_variables
    weights = [[_shape(each.shape, each.dtype) for each in group] for group in groups]
    features = _shape((1, frames, model.input.shape[-1]), "float32")
    return flops.by_products(jax.make_jaxpr(infer)(*weights, features)) / 2


_shape = jax.ShapeDtypeStruct


def rates(model: keras.Model) -> tuple[float, float]:
    """The multiply-adds per second of speech, and those per utterance in addition."""
    short, long = (of_model(model, frames) for frames in (FRAMES, 2 * FRAMES))
    return (long - short) * FRAMES_PER_SECOND / FRAMES, 2 * short - long


def measure(names: Iterable[str]) -> dict[str, dict[str, float]]:
    """The multiply-adds of all variants of some networks, by the variant's title.

    Args:
        names: As for `variants.list_variants`.
    """
    found = {}
    for variant in itertools.chain.from_iterable(map(variants.list_variants, names)):
        with keras.StatelessScope(initialize_variables=False):  # drawing takes long
            model = variant.build()
        second, utterance = rates(model)
        is_alone = len(model.heads) == 1
        emotion = second if is_alone else rates(model.emotion_model)[0]
        found[variant.title] = {
            "per_second": second,
            "emotion_per_second": emotion,
            "per_utterance": utterance,
        }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    known = [*variants.every_name(), variants.TABLE_7]
    parser.add_argument("--models", default=",".join(known), help="with commas")
    parser.add_argument("--json", action="store_true", help="print JSON only")
    options = parser.parse_args()
    found = measure(options.models.split(","))
    if options.json:
        print(json.dumps(found))
        return
    header = ["model", "million per second", "emotion alone", "million per utterance"]
    rows = [
        (title, *(f"{count / MILLION:.3f}" for count in counts.values()))
        for title, counts in found.items()
    ]
    print(tables.format_table(header, rows))


if __name__ == "__main__":
    main()
