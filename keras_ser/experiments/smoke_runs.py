"""A smoke run: an experiment on a little synthetic speech, to see that it runs."""

import dataclasses
import math
from collections.abc import Mapping

from keras_ser.experiments import variants
from keras_ser.experiments.config import Experiment, System

CORPORA = ("synthetic", "synthetic_b", "synthetic_c")
# Enough speakers for any protocol, and few utterances. A fifth of the labels fills a
# batch of 8.
CORPUS_OPTIONS = {"speakers": 6, "sentences": 2}
EPOCHS, BATCH = 2, 8
HEARD_FRACTION = 0.5  # a smaller one would be less than one utterance
GROUPS = 3  # of speakers in a protocol that divides them


def smoke(config: Experiment) -> Experiment:
    """Returns the experiment on little synthetic speech, with two epochs.

    It shows in a short time whether everything runs.

    Args:
        config: The experiment.

    Raises:
        ValueError: If it has more corpora than there are synthetic ones, unless its
            protocol takes any number of them.
    """
    mapping = _roles(config)
    names = tuple(sorted(set(mapping.values())))
    if any("preset" in system.arguments for system in config.systems.values()):
        config = dataclasses.replace(
            variants.at_preset(config, "small"), name=config.name
        )
    small = variants.replaced(config, names, f"{config.name}_smoke", mapping)
    unlabelled = "synthetic_unlabelled" if config.unlabelled_corpora else ""
    noise = "synthetic_noise" if config.noise else ""
    generated = (*names, *filter(None, [unlabelled]))
    options = {name: CORPUS_OPTIONS for name in generated}
    training = dataclasses.replace(
        small.training,
        epochs=EPOCHS,
        batch=BATCH,
        unlabelled_ratio=_ratio(small.training.unlabelled_ratio),
    )
    small = dataclasses.replace(
        small,
        protocol_arguments=_arguments(small.protocol_arguments),
        systems={name: _system(each) for name, each in small.systems.items()},
        unlabelled_corpus=unlabelled,
        heard_fraction=HEARD_FRACTION if config.heard_fraction else 0.0,
        noise=noise,
        corpus_options={**small.corpus_options, **options},
        training=training,
        tuned_on=(),  # no search heard this speech
        tuned_audio=(),
    )
    return variants.without_old_options(small, config)


def _system(system: System) -> System:
    """The system with no more unlabelled speakers than the synthetic corpus has."""
    if system.unlabelled_speakers is None:
        return system
    count = min(system.unlabelled_speakers, CORPUS_OPTIONS["speakers"])
    return dataclasses.replace(system, unlabelled_speakers=count)


def _ratio(ratio: float) -> float:
    """A ratio of unlabelled rows that is a whole number of rows in a small batch."""
    return math.ceil(ratio * BATCH) / BATCH if ratio % 1 else ratio


def _arguments(arguments: Mapping) -> dict:
    """Arguments of a protocol, with no more groups than there are speakers for."""
    found = dict(arguments)
    if isinstance(found.get("groups"), int):
        found["groups"] = min(found["groups"], GROUPS)
    if isinstance(found.get("arguments"), Mapping):
        found["arguments"] = _arguments(found["arguments"])
    return found


def _roles(config: Experiment) -> dict[str, str]:
    """The synthetic corpus in place of each corpus of an experiment.

    Corpora that train together are two, so that they differ in corpus and language, and
    a corpus that is tested as a whole is another one.
    """
    names, first = config.corpora, CORPORA
    if not any(variants.has_protocol(config, name) for name in variants.WHOLE_CORPORA):
        return dict(zip(names, first[:2], strict=False))
    if not variants.has_protocol(config, "held_out_corpora"):
        return {name: first[number % 3] for number, name in enumerate(names)}
    arguments = config.protocol_arguments
    trained = arguments.get("arguments", arguments).get("train") or ()
    if isinstance(trained, str):  # which the protocol rejects
        return dict(zip(names, first[:2], strict=False))
    number = min(max(len(trained), 1), 2)
    roles = {name: first[place % number] for place, name in enumerate(trained)}
    return {name: roles.get(name, first[number]) for name in names}
