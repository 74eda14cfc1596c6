"""What was run, in words: the settings of each experiment and its systems."""

from collections.abc import Iterable

from keras_ser.corpora.rated import KIND
from keras_ser.reports.blocks import Block, Table, Text
from keras_ser.reports.reading import TRAINING_DEFAULTS, UNLABELLED_RATIO, Run
from keras_ser.reports.text import NO_VALUE, as_text, counted, sort_systems
from keras_ser.reports.unlabelled import count_unlabelled

NORMALISATION = {
    "train": "with the statistics of the training speakers",
    "speaker": "with the statistics of each speaker's own utterances, including those "
    "of the test speaker (transductive)",
    "utterance": "with the mean of each utterance and the standard deviation of the "
    "training speakers",
    "utterance_std": "with the mean and the standard deviation of each utterance",
}
# Settings of training that have words of their own.
TOLD = ("precision", "select", "schedule", "average")
# What is said of schedules after the learning rate.
SCHEDULES = {
    "halve_and_restore": "",
    "halve": " (halved without a return to the best epoch)",
    "cosine": " (falling along half a cosine)",
    "constant": " (constant)",
}
# Schedules that halve the learning rate after a patience.
HALVING = ("halve_and_restore", "halve")


def settings_blocks(
    runs: list[Run], settings: dict[str, dict], order: Iterable[str] = ()
) -> list[Block]:
    """A paragraph of settings and a table of systems for each experiment.

    Args:
        runs: From `reading.read_runs`.
        settings: From `reading.collect_settings`.
        order: Systems that come first.
    """
    blocks: list[Block] = []
    for experiment, own in settings.items():
        part = [run for run in runs if run.experiment == experiment]
        systems = sort_systems((run.system for run in part), order)
        words = _describe(own, part, systems)
        blocks += [
            Text(f"Settings of {experiment}: {words}"),
            _systems_table(experiment, own, part, systems),
        ]
    return blocks


def normalisation_notes(settings: dict[str, dict]) -> dict[str, str]:
    """What the caption of each experiment's main table says about normalisation.

    Args:
        settings: From `reading.collect_settings`.
    """
    return {
        experiment: ", normalised by speaker (transductive)"
        if own.get("features.normalise") == "speaker"
        else ""
        for experiment, own in settings.items()
    }


def _describe(settings: dict, runs: list[Run], systems: list[str]) -> str:
    texts = [_describe_data(settings), _describe_features(settings)]
    if any(run.metrics.get("epoch") is not None for run in runs):
        texts.append(_describe_training(settings))
    if any(_get(settings, name, "unlabelled_corpus") is not None for name in systems):
        ratio = _as_text(settings, UNLABELLED_RATIO)
        texts.append(f"Unlabelled rows per labelled row: {ratio}.")
    return " ".join(texts)


def _describe_data(settings: dict) -> str:
    protocol = _call(_as_text(settings, "protocol"), settings.get("protocol_arguments"))
    names, labels = settings.get("corpus"), _describe_labels(settings.get("labels"))
    if isinstance(names, list):
        corpus = f"corpora {', '.join(names)}"
    else:
        corpus = f"corpus {as_text(names)}"
    texts = [f"{corpus}, label set {labels}, protocol {protocol}."]
    if settings.get("corpus_options"):
        texts.append(f"Options of readers: {_arguments(settings['corpus_options'])}.")
    if settings.get("heard_fraction"):
        texts.append(
            f"Held out of each training speaker: {100 * settings['heard_fraction']:g} "
            "% of the utterances, on which attributes are scored."
        )
    if settings.get("noise"):
        texts.append(f"Noise: {settings['noise']}.")
    if settings.get("tuned_on"):
        speakers = ", ".join(settings["tuned_on"])
        texts.append(
            f"The search for these settings used the speakers {speakers}; no fold "
            "tests them."
        )
    return " ".join(texts)


def _describe_labels(labels) -> str:
    """The label set, or that of each corpus, or what each emotion counts as."""
    if not isinstance(labels, dict):
        return as_text(labels)
    arguments = {key: value for key, value in labels.items() if key != KIND}
    return _call(labels.get(KIND, "own"), arguments)


def _describe_features(settings: dict) -> str:
    front_end = _call(
        _as_text(settings, "features.front_end"), settings.get("features.settings")
    )
    normalise = _as_text(settings, "features.normalise")
    counted = settings.get("features.speech_db")
    return (
        f"Systems with a front end use {front_end} in windows of "
        f"{_as_text(settings, 'features.seconds')} s. Features are normalised "
        f"{NORMALISATION.get(normalise, normalise)}."
        + (f" Frames within {counted:g} dB of the loudest count." if counted else "")
    )


def _describe_training(settings: dict) -> str:
    def value(name: str) -> str:
        return _as_text(settings, f"training.{name}")

    def own(name: str):
        return settings.get(f"training.{name}", TRAINING_DEFAULTS[name])

    halves = own("schedule") in HALVING
    others = {name: own(name) for name in TRAINING_DEFAULTS if name not in TOLD}
    others = {k: v for k, v in others.items() if v != TRAINING_DEFAULTS[k]}
    precision, rate, average = (
        *map(value, ("precision", "learning_rate")),
        own("average"),
    )
    most = "at most " if halves or own("stop") else ""
    unit = "segment" if own("segments") == "all" else "utterance"
    patience = f"a patience of {value('patience')} epochs for the development "
    return (
        f"Networks train for {most}{value('epochs')} epochs in batches of "
        f"{value('batch')}, with {value('rows_per_utterance')} rows per {unit} and "
        f"epoch, learning rate {rate}{SCHEDULES.get(own('schedule'), '')}, "
        + (f"{patience}{value('monitor')}, " if halves else "")
        + f"and seed {value('seed')}."
        + (f" Weights are averaged with a decay of {average}." if average else "")
        + _describe_selection(own("select"), halves, value("monitor"))
        + ("" if precision == "float32" else f" Their precision is {precision}.")
        + (f" Other settings: {_arguments(others)}." if others else "")
    )


def _describe_selection(select: str, halves: bool, monitor: str) -> str:
    """Which epoch is tested, where the patience does not say it."""
    if select == "last":
        return " The last epoch is tested, whatever its development score."
    if halves:
        return ""
    return f" The epoch with the best development {monitor} is tested."


def _systems_table(
    experiment: str, settings: dict, runs: list[Run], systems: list[str]
) -> Table:
    header = ["System", "Model", "Arguments", "Objective", "Augmentation"]
    header.append("Unlabelled speech")
    rows = [
        [
            name,
            as_text(_get(settings, name, "model")),
            _arguments(_get(settings, name, "arguments")),
            _objective(settings, name),
            _augmentation(_get(settings, name, "augment")),
            _unlabelled(settings, runs, name),
        ]
        for name in systems
    ]
    for title, usual, cells in _optional_columns(settings, systems):
        if set(cells) != {usual}:
            header.append(title)
            rows = [[*row, cell] for row, cell in zip(rows, cells, strict=True)]
    return Table(f"{experiment}: systems", header, rows)


def _optional_columns(
    settings: dict, systems: list[str]
) -> list[tuple[str, str, list[str]]]:
    """Columns that are left out if all their cells are usual: title, usual, cells."""
    fractions = [_get(settings, name, "label_fraction") or 1.0 for name in systems]
    conditions = [
        _get(settings, name, "train_conditions") or ["clean"] for name in systems
    ]
    return [
        ("Labels", "100 %", [f"{100 * fraction:g} %" for fraction in fractions]),
        ("Training conditions", "clean", [", ".join(each) for each in conditions]),
    ]


def _objective(settings: dict, system: str) -> str:
    words = _arguments(_get(settings, system, "objective"))
    if not _get(settings, system, "denoising"):
        return words
    denoising = "reconstructs the unaugmented input"
    return denoising if words == NO_VALUE else f"{words}, {denoising}"


def _unlabelled(settings: dict, runs: list[Run], system: str) -> str:
    """The unlabelled speech of a system: corpora, what few labels leave, or both."""
    recorded = _get(settings, system, "unlabelled_corpus")
    if recorded is None:
        return "no"
    limit = _get(settings, system, "unlabelled_speakers")
    texts = [] if limit == 0 else count_unlabelled(runs, system)
    if not texts and limit != 0:
        texts = [recorded] if isinstance(recorded, str) else [*recorded]
    if limit and texts:
        texts[0] = f"{counted(limit, 'speaker')}: {texts[0]}"
    fraction = _get(settings, system, "label_fraction") or 1.0
    rest = ["the other training utterances"] if fraction < 1 else []
    return ", ".join([*filter(None, texts), *rest]) or "none"


def _augmentation(names) -> str:
    if isinstance(names, dict):
        return ", ".join(_call(*each) for each in names.items()) or "none"
    return ", ".join(map(str, names or ())) or "none"


def _call(name: str, arguments) -> str:
    return f"{name} ({_arguments(arguments)})" if arguments else name


def _arguments(arguments) -> str:
    if not isinstance(arguments, dict):
        return as_text(arguments)
    return ", ".join(f"{k}={arguments[k]}" for k in sorted(arguments)) or NO_VALUE


def _get(settings: dict, system: str, field: str):
    return settings.get(f"systems.{system}.{field}")


def _as_text(settings: dict, key: str) -> str:
    return as_text(settings.get(key))
