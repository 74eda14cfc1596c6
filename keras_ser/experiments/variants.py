"""Experiments made of another one: fewer systems, other corpora, synthetic speech."""

import dataclasses
from collections.abc import Iterable, Mapping

from keras_ser.corpora import CORPORA
from keras_ser.experiments.config import PRESETS, Experiment

SYNTHETIC = ("synthetic", "synthetic_b")
# Of a smoke test: enough speakers for any protocol, and few utterances. A fifth of
# the labels fills a batch of 8.
SMALL = {"speakers": 6, "sentences": 2}


def restricted(config: Experiment, systems: Iterable[str]) -> Experiment:
    """The experiment of some of its systems, on the corpora that they need.

    Args:
        config: the experiment.
        systems: names; none for all.

    Raises:
        ValueError: an unknown name.
    """
    names = chosen("systems", systems, config.systems)
    systems = {name: config.systems[name] for name in names}
    needed = any(system.unlabelled for system in systems.values())
    unlabelled = config.unlabelled if needed else ""
    return dataclasses.replace(config, systems=systems, unlabelled=unlabelled)


def on_corpora(config: Experiment, given: Iterable[str]) -> Experiment:
    """The experiment on the corpora that are given, if it does not know all of them.

    Noise takes the place of its noise. The others take the places of its labelled
    corpora, in their order, also in the arguments of its protocol, and their names
    join its name; but not its unlabelled corpus.

    Args:
        config: the experiment.
        given: names of corpora.

    Raises:
        ValueError: another number of corpora than its own, unless its protocol takes
            each by itself.

    Example:

    >>> on_corpora(config, ("emodb", "librispeech")).name
    'table2_emodb'
    """
    given = tuple(given)
    noise = [name for name in given if config.noise and _is_noise(name)]
    if noise:
        config = dataclasses.replace(config, noise=noise[-1])
    if set(given) <= {*config.needed, *noise}:
        return config
    others = {config.unlabelled, *noise} - set(config.corpora)
    names = tuple(name for name in given if name not in others)
    return _replaced(config, names, f"{config.name}_{'_'.join(names)}")


def _is_noise(name: str) -> bool:
    return name in CORPORA and CORPORA[name].speakers == "none"


def at_preset(config: Experiment, preset: str) -> Experiment:
    """The experiment with networks and schedule of another preset.

    Systems whose arguments name a `preset` get this one. What a schedule does not
    share with its preset, `seed`, `precision` and `monitor`, stays.

    Args:
        config: the experiment.
        preset: a key of `config.PRESETS`; it joins the experiment's name.

    Raises:
        ValueError: an unknown preset, or no system that names one.
    """
    if preset not in PRESETS:
        raise ValueError(
            f"`preset` must be one of {sorted(PRESETS)}. Received: {preset!r}."
        )
    if not any("preset" in system.arguments for system in config.systems.values()):
        raise ValueError(
            f"Experiment `{config.name}` must name a preset in its systems' arguments "
            f"for --preset {preset} to replace it. Received: none that does."
        )
    systems = {
        name: dataclasses.replace(
            system, arguments={**system.arguments, "preset": preset}
        )
        if "preset" in system.arguments
        else system
        for name, system in config.systems.items()
    }
    old = config.training
    training = dataclasses.replace(
        PRESETS[preset], seed=old.seed, precision=old.precision, monitor=old.monitor
    )
    name = f"{config.name}_{preset}"
    return dataclasses.replace(config, name=name, systems=systems, training=training)


def smoke(config: Experiment) -> Experiment:
    """The experiment on a little synthetic speech with two epochs, to see it run.

    Raises:
        ValueError: it has more corpora than there are synthetic ones.
    """
    names = SYNTHETIC[: len(config.corpora)]
    if any("preset" in system.arguments for system in config.systems.values()):
        config = dataclasses.replace(at_preset(config, "small"), name=config.name)
    small = _replaced(config, names, f"{config.name}_smoke")
    unlabelled = "synthetic_unlabelled" if config.unlabelled else ""
    noise = "synthetic_noise" if config.noise else ""
    options = {name: SMALL for name in (*names, *filter(None, [unlabelled]))}
    training = dataclasses.replace(small.training, epochs=2, batch=8)
    return dataclasses.replace(
        small,
        unlabelled=unlabelled,
        noise=noise,
        corpus_options=options,
        training=training,
    )


def _replaced(config: Experiment, names: tuple[str, ...], name: str) -> Experiment:
    """The experiment on other labelled corpora, in its protocol's arguments too."""
    old = config.corpora
    mapping = dict(zip(old, names, strict=False))
    arguments = _renamed(config.protocol_arguments, mapping)
    if len(old) != len(names) and not _takes_any_number(config):
        raise ValueError(
            f"Experiment `{config.name}` needs its own corpora, or {len(old)} in the "
            f"places of {', '.join(old)}. Received: {', '.join(names) or 'none'}. Give "
            "--corpus for each of them, in this order."
        )
    corpus = names if len(names) > 1 or not isinstance(config.corpus, str) else names[0]
    options = {k: v for k, v in config.corpus_options.items() if k not in old}
    return dataclasses.replace(
        config,
        name=name,
        corpus=corpus,
        corpus_options=options,
        protocol_arguments=arguments,
    )


def _renamed(value, mapping: Mapping[str, str]):
    """A value in which texts that are names of corpora are replaced."""
    if isinstance(value, Mapping):
        return {key: _renamed(each, mapping) for key, each in value.items()}
    return mapping.get(value, value) if isinstance(value, str) else value


def _takes_any_number(config: Experiment) -> bool:
    """Whether its protocol divides each corpus by itself."""
    return "each_corpus" in (config.protocol, config.protocol_arguments.get("protocol"))


def chosen(what: str, names: Iterable[str], known: Iterable[str]) -> list[str]:
    """Names in their order, each once; all of the known ones for none.

    Raises:
        ValueError: an unknown name.
    """
    names = list(names)
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"Unknown {what}: {unknown}. Expected among {list(known)}.")
    return list(dict.fromkeys(names)) or list(known)
