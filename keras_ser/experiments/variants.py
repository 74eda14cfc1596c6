"""Variants of an experiment: fewer systems, different corpora, another preset."""

import dataclasses
from collections.abc import Iterable, Mapping

from keras_ser.corpora import CORPORA, labels_by_corpus
from keras_ser.experiments.config import (
    PRESETS,
    RECIPES,
    Experiment,
    Features,
    Training,
)
from keras_ser.experiments.lookup import model_class, model_name
from keras_ser.utils import files

DEFAULT_RECIPE = "mtl_aug"  # of classes that are no `models.SpeechModel`
WHOLE_CORPORA = ("held_out_corpora", "leave_one_corpus_out")  # protocols that test them
ANY_NUMBER = ("each_corpus", *WHOLE_CORPORA)  # protocols for any number of corpora
PRESET_FIELDS = (
    *("batch", "rows_per_utterance", "unlabelled_ratio"),
    *("epochs", "learning_rate", "patience", "schedule", "average", "select"),
    *("stop", "dev_windows", "segments", "segment_weight"),
)


def restricted(config: Experiment, systems: Iterable[str]) -> Experiment:
    """Returns the experiment with some of its systems and the corpora that they need.

    Args:
        config: The experiment.
        systems: The names of the systems. If empty, all of them.

    Raises:
        ValueError: If a name is unknown.
    """
    names = select_names("systems", systems, config.systems)
    systems = {name: config.systems[name] for name in names}
    needed = any(system.use_unlabelled for system in systems.values())
    unlabelled = config.unlabelled_corpus if needed else ""
    part = dataclasses.replace(
        config,
        systems=systems,
        unlabelled_corpus=unlabelled,
        primary=config.primary if config.primary in systems else "",
    )
    return without_old_options(part, config)


def on_corpora(config: Experiment, given: Iterable[str]) -> Experiment:
    """Returns the experiment on the given corpora.

    If the experiment names all of them already, it is returned unchanged. Otherwise a
    corpus of noise replaces the noise of the experiment. The other corpora replace its
    labelled corpora, in their order, also in the arguments of the protocol and in a
    label set per corpus, and their names are appended to its name. Its unlabelled
    corpora stay.

    Args:
        config: The experiment.
        given: The names of the corpora.

    Raises:
        ValueError: If the number of labelled corpora differs from that of the
            experiment, unless its protocol takes any number of them, if there are
            more corpora than label sets per corpus, or if there are label sets for
            some of the experiment's corpora only.

    Example:

    >>> on_corpora(config, ("emodb", "librispeech")).name
    'table2_emodb'
    """
    given = tuple(given)
    noise = [name for name in given if config.noise and _is_noise(name)]
    if noise:
        noisy = dataclasses.replace(config, noise=noise[-1])
        config = without_old_options(noisy, config)
    if set(given) <= {*config.needed_corpora, *noise}:
        return config
    others = {*config.unlabelled_corpora, *noise} - set(config.corpora)
    names = tuple(name for name in given if name not in others)
    return replaced(config, names, f"{config.name}_{'_'.join(names)}")


def _is_noise(name: str) -> bool:
    return name in CORPORA and CORPORA[name].speakers == "none"


def name_by_normalisation(config: Experiment, before: Experiment) -> Experiment:
    """Returns the experiment with its normalisation at the end of its name, if new.

    Runs that are normalised by the utterances of a speaker, or by each utterance, are
    another experiment than runs that are not, with folders of their own: their name
    ends in `_speaker`, `_utterance` or `_utterance_std`.

    Args:
        config: The experiment after its overrides.
        before: The experiment before them. If it has the same normalisation, or
            another name, the name stays.
    """
    chosen = config.features.normalise
    is_new = chosen not in (Features.normalise, before.features.normalise)
    if not is_new or config.name != before.name:
        return config
    return dataclasses.replace(config, name=f"{config.name}_{chosen}")


def at_preset(config: Experiment, preset: str) -> Experiment:
    """Returns the experiment with the networks and the schedule of another preset.

    Systems whose arguments name a `preset` get this one. Of the schedule, the fields
    of `PRESET_FIELDS` change and all others stay, such as the seed and the optimizer.
    Their values are those of the recipe of the `primary` system if it names a preset,
    otherwise of the first system that does; see `training_settings.RECIPES` and
    `models.SpeechModel.recipe`. A field that is the same in all presets of the recipe,
    such as `stop`, changes only if the experiment leaves it at its default.

    Args:
        config: The experiment.
        preset: The name of the preset, a key of `config.PRESETS`. It is appended to
            the name of the experiment.

    Raises:
        ValueError: If the preset or the recipe is unknown, or if no system names a
            preset.
    """
    if preset not in PRESETS:
        raise ValueError(
            f"`preset` must be one of {sorted(PRESETS)}. Received: {preset!r}."
        )
    named = [name for name, own in config.systems.items() if "preset" in own.arguments]
    if not named:
        raise ValueError(
            f"Experiment `{config.name}` must name a preset in its systems' arguments, "
            f"so that --preset {preset} can replace it. Received: no such system. "
            "Leave out --preset (in Python: preset=…)."
        )
    systems = {
        name: dataclasses.replace(
            system, arguments={**system.arguments, "preset": preset}
        )
        if name in named
        else system
        for name, system in config.systems.items()
    }
    decisive = config.primary if config.primary in named else named[0]
    changed = _preset_fields(config.training, _recipe(config, decisive), preset)
    training = dataclasses.replace(config.training, **changed)
    name = f"{config.name}_{preset}"
    return dataclasses.replace(config, name=name, systems=systems, training=training)


def _recipe(config: Experiment, system: str) -> Mapping[str, Training]:
    """The settings of each preset for the model of a system."""
    kind = model_class(config.systems[system].model, f"systems.{system}.model")
    name = getattr(kind, "recipe", DEFAULT_RECIPE)
    if not isinstance(name, str) or name not in RECIPES:
        raise ValueError(
            f"The attribute `recipe` of {model_name(kind)}, the model of system "
            f"`{system}`, must be one of {sorted(RECIPES)}. Received: "
            f"{files.short_repr(name)}. Correct it, or leave out --preset (in Python: "
            "preset=…)."
        )
    return RECIPES[name]


def _preset_fields(
    training: Training, recipe: Mapping[str, Training], preset: str
) -> dict:
    """The fields that change at a preset, with their values; see `at_preset`."""
    usual, found = Training(), {}
    for name in PRESET_FIELDS:
        value = getattr(recipe[preset], name)
        is_shared = all(getattr(each, name) == value for each in recipe.values())
        if not is_shared or getattr(training, name) == getattr(usual, name):
            found[name] = value
    return found


def replaced(
    config: Experiment,
    names: tuple[str, ...],
    name: str,
    mapping: Mapping[str, str] | None = None,
) -> Experiment:
    """Returns the experiment on other labelled corpora, also in its protocol.

    Args:
        config: The experiment.
        names: The names of the other corpora.
        name: The name of the new experiment.
        mapping: The new name of each corpus; default, by position.
    """
    old = config.corpora
    mapping = mapping or dict(zip(old, names, strict=False))
    arguments = _renamed(config.protocol_arguments, mapping)
    if len(set(mapping.values())) < len(mapping):  # some corpora become one
        arguments = _without_repeats(arguments)
    if len(old) != len(names) and not _takes_any_number(config):
        raise ValueError(
            f"Experiment `{config.name}` needs its own corpora, or as many others in "
            f"place of {', '.join(old)}. Received: {', '.join(names) or 'none'}. "
            "Give --corpus (in Python: corpora={…}) for each of them, in this order."
        )
    corpus = names if len(names) > 1 or not isinstance(config.corpus, str) else names[0]
    made = dataclasses.replace(
        config,
        name=name,
        corpus=corpus,
        labels=_labels_by_position(config, names, mapping),
        protocol_arguments=arguments,
    )
    return without_old_options(made, config)


def _labels_by_position(
    config: Experiment, names: tuple[str, ...], mapping: Mapping[str, str]
):
    """Returns the labels; a label set per corpus is that of the corpora `names`."""
    old, labels = config.corpora, config.labels
    if not isinstance(labels, Mapping) or set(labels) == set(names) != set(old):
        return labels
    labels_by_corpus(labels, old)  # rejects label sets for some of its corpora
    if set(labels) != set(old):
        return labels
    if len(names) > len(old):
        raise ValueError(
            f"Experiment `{config.name}` has one label set for each of {list(old)}, "
            f"which other corpora can replace. Received: {list(names)}. Give at most "
            f"{len(old)} corpora, or one label set for all (--set labels=four)."
        )
    # Where several corpora become one, it has the label set of the first.
    return {new: labels[name] for name, new in reversed(mapping.items())}


def without_old_options(config: Experiment, before: Experiment) -> Experiment:
    """Returns the experiment without options of corpora that only `before` used."""
    dropped = set(before.needed_corpora) - set(config.needed_corpora)
    given = config.corpus_options.items()
    options = {name: own for name, own in given if name not in dropped}
    return dataclasses.replace(config, corpus_options=options)


def _renamed(value, mapping: Mapping[str, str]):
    """Returns a value in which names of corpora are replaced."""
    if isinstance(value, Mapping):
        return {key: _renamed(each, mapping) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(_renamed(each, mapping) for each in value)
    return mapping.get(value, value) if isinstance(value, str) else value


def _without_repeats(value):
    """Returns a value in which no list of names has a name twice."""
    if isinstance(value, Mapping):
        return {key: _without_repeats(each) for key, each in value.items()}
    if isinstance(value, tuple | list) and all(isinstance(v, str) for v in value):
        return type(value)(dict.fromkeys(value))
    return value


def _takes_any_number(config: Experiment) -> bool:
    """Returns whether the protocol takes as many corpora as there are."""
    return any(has_protocol(config, name) for name in ANY_NUMBER)


def has_protocol(config: Experiment, name: str) -> bool:
    """Returns whether the folds are those of a protocol, or a part of their speech."""
    return name in (config.protocol, config.protocol_arguments.get("protocol"))


def select_names(what: str, names: Iterable[str], known: Iterable[str]) -> list[str]:
    """Returns the names in their order, each once; without names, all known ones.

    Args:
        what: What the names are, for the message.
        names: The names.
        known: The names that exist.

    Raises:
        ValueError: If a name is unknown.
    """
    names = list(names)
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(
            f"Unknown {what}: {unknown}. Expected names among {list(known)}."
        )
    return list(dict.fromkeys(names)) or list(known)
