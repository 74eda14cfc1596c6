"""What was run, in words: the settings of each experiment, and its systems."""

import functools

from keras_ser.reports.reading import read_metrics
from keras_ser.reports.text import NOTHING, rank, text_of

NORMALISED = {
    "train": "by the training speakers",
    "speaker": "by each speaker's own utterances, the test speaker's too "
    "(transductive)",
}


def settings(runs, found: dict[str, dict], order: list[str]) -> list[tuple]:
    """A paragraph and a table of systems for each experiment.

    Args:
        runs: from `reading.read_runs`.
        found: from `reading.settings_of`.
        order: of the systems.
    """
    blocks = []
    for experiment, own_settings in found.items():
        own = [run for run in runs if run[0][0] == experiment]
        systems = {key[1] for key, *_ in own}
        systems = sorted(systems, key=functools.partial(rank, order))
        blocks += [
            ("text", f"Settings of {experiment}: {_words(own_settings, own, systems)}"),
            _systems(experiment, own_settings, systems),
        ]
    return blocks


def normalisation(found: dict[str, dict]) -> dict[str, str]:
    """What the caption of each experiment's main table says of normalisation."""
    return {
        experiment: ", normalised by speaker (transductive)"
        if own.get("features.normalise") == "speaker"
        else ""
        for experiment, own in found.items()
    }


def _words(found: dict, runs, systems: list[str]) -> str:
    texts = [_data(found), _features(found)]
    if any(read_metrics(folder)[1].get("epoch") is not None for _, folder, _ in runs):
        texts.append(_schedule(found))
    if any(_of(found, name, "unlabelled") is not None for name in systems):
        ratio = _value(found, "training.unlabelled")
        texts.append(f"Unlabelled rows to a labelled row: {ratio}.")
    return " ".join(texts)


def _data(found: dict) -> str:
    arguments = _call(_value(found, "protocol"), found.get("protocol_arguments"))
    names, labels = found.get("corpus"), _value(found, "labels")
    several = isinstance(names, list)
    corpus = f"corpora {', '.join(names)}" if several else f"corpus {text_of(names)}"
    texts = [f"{corpus}, label set {labels}, protocol {arguments}."]
    if found.get("corpus_options"):
        texts.append(f"Options of readers: {_arguments(found['corpus_options'])}.")
    if found.get("noise"):
        texts.append(f"Noise: {found['noise']}.")
    if found.get("tuned_on"):
        speakers = ", ".join(found["tuned_on"])
        texts.append(
            f"A search for these settings heard {speakers}; no fold tests them."
        )
    return " ".join(texts)


def _features(found: dict) -> str:
    front_end = _call(
        _value(found, "features.front_end"), found.get("features.settings")
    )
    way = _value(found, "features.normalise")
    return (
        f"Front-end, for systems that take one: {front_end}, windows of "
        f"{_value(found, 'features.seconds')} s. Features are normalised "
        f"{NORMALISED.get(way, way)}."
    )


def _schedule(found: dict) -> str:
    names = ("epochs", "batch", "rows", "learning_rate", "patience", "monitor", "seed")
    of = {name: _value(found, f"training.{name}") for name in names}
    return (
        f"Networks train for at most {of['epochs']} epochs in batches of "
        f"{of['batch']}, rows of an utterance an epoch: {of['rows']}, learning rate "
        f"{of['learning_rate']}, patience {of['patience']} epochs of development "
        f"{of['monitor']}, seed {of['seed']}{_precision(found)}."
    )


def _precision(found: dict) -> str:
    name = _value(found, "training.precision")
    return "" if name == "float32" else f", precision {name}"


def _systems(experiment: str, found: dict, systems: list[str]) -> tuple:
    header = ["System", "Model", "Arguments", "Objective", "Augmentation", "Unlabelled"]
    rows = [
        [
            name,
            text_of(_of(found, name, "model")),
            _arguments(_of(found, name, "arguments")),
            _objective(found, name),
            _augmentation(_of(found, name, "augment")),
            _unlabelled(found, name),
        ]
        for name in systems
    ]
    for title, usual, cells in _unusual(found, systems):
        if set(cells) != {usual}:
            header.append(title)
            rows = [[*row, cell] for row, cell in zip(rows, cells, strict=True)]
    return ("table", f"{experiment}: systems", header, rows)


def _unusual(found: dict, systems: list[str]) -> list[tuple[str, str, list[str]]]:
    """Columns that stand there if a system is another than usual: title, usual cell."""
    labels = [_of(found, name, "label_fraction") or 1.0 for name in systems]
    heard = [_of(found, name, "train_conditions") or ["clean"] for name in systems]
    return [
        ("Labels", "100 %", [f"{100 * share:g} %" for share in labels]),
        ("Learns from speech", "clean", [", ".join(texts) for texts in heard]),
    ]


def _objective(found: dict, system: str) -> str:
    words = _arguments(_of(found, system, "objective"))
    if not _of(found, system, "denoising"):
        return words
    denoising = "reconstructs the unaugmented input"
    return denoising if words == NOTHING else f"{words}, {denoising}"


def _unlabelled(found: dict, system: str) -> str:
    """The speech it hears without label: a corpus, what few labels leave, or both."""
    corpus = _of(found, system, "unlabelled")
    if corpus is None:
        return "no"
    share = _of(found, system, "label_fraction") or 1.0
    rest = ["the other training utterances"] if share < 1 else []
    return ", ".join([*filter(None, [corpus]), *rest])


def _augmentation(names) -> str:
    if isinstance(names, dict):
        return ", ".join(_call(*each) for each in names.items()) or "none"
    return ", ".join(map(str, names or ())) or "none"


def _call(name: str, arguments) -> str:
    return f"{name} ({_arguments(arguments)})" if arguments else name


def _arguments(arguments) -> str:
    if not isinstance(arguments, dict):
        return text_of(arguments)
    return ", ".join(f"{k}={arguments[k]}" for k in sorted(arguments)) or NOTHING


def _of(found: dict, system: str, field: str):
    return found.get(f"systems.{system}.{field}")


def _value(found: dict, key: str) -> str:
    return text_of(found.get(key))
