"""Arguments that several commands share, and the types of their values."""

import argparse

PRESETS = ("small", "paper")
PRESET_HELP = (
    "sizes of the networks and the schedule, instead of those that the config names"
)
OUT_HELP = "folder of all runs; default runs"
THREADS_HELP = (
    "CPU threads per process; default: several workers share the processors equally"
)


def config(command) -> None:
    command.add_argument(
        "config",
        metavar="CONFIG",
        help="config of this package, such as mtl_aug/emodb (`keras-ser configs` lists "
        "them), or a Python file that defines an experiment; it runs with your rights, "
        "so give only a file that you trust",
    )
    corpora(
        command,
        ". Corpora that the config does not name replace its own, in their order",
    )
    command.add_argument(
        "--set",
        dest="overrides",
        action="append",
        default=[],
        metavar="PATH=VALUE",
        help="change to the config, such as training.epochs=5; may be repeated",
    )
    preparation(command)


def corpora(command, more: str = "") -> None:
    command.add_argument(
        "--corpus",
        dest="corpora",
        action="append",
        default=[],
        metavar="NAME=DIR",
        help="folder of a corpus; may be repeated; default: "
        f"$KERAS_SER_CORPORA/NAME{more}",
    )


def preparation(command) -> None:
    """Where features go, and how they are computed."""
    command.add_argument(
        "--cache",
        default="cache",
        metavar="DIR",
        help="folder of features and generated speech; default cache",
    )
    command.add_argument(
        "--skip-bad",
        action="store_true",
        help="continue without audio that cannot be used, and list it in skipped.csv",
    )
    command.add_argument(
        "--workers",
        type=positive,
        default=1,
        metavar="N",
        help="processes that work at the same time; default 1",
    )


def selection(command) -> None:
    """The runs of an experiment to prepare or to run."""
    command.add_argument(
        "--systems",
        type=names,
        default=(),
        metavar="A,B",
        help="systems, with commas between them; default: all of the config",
    )
    command.add_argument(
        "--folds",
        type=names,
        default=(),
        metavar="03,08",
        help="folds, with commas between them; default: all of the protocol",
    )
    command.add_argument("--preset", choices=PRESETS, default="", help=PRESET_HELP)
    command.add_argument(
        "--repeats",
        type=positive,
        metavar="N",
        help="repeats of each fold, instead of the number in the config",
    )


def runs(command) -> None:
    command.add_argument(
        "runs",
        nargs="+",
        metavar="RUNS",
        help="folders of runs, folders above them, or archives of packed runs",
    )


def model(command) -> None:
    command.add_argument(
        "model", metavar="RUN|MODEL", help="folder of a run, or model file"
    )


def parse_folders(texts: list[str]) -> dict[str, str]:
    """Returns the folders of corpora by name.

    Args:
        texts: `NAME=DIR` each.

    Raises:
        ValueError: If a text has another form, or if a corpus is named twice.
    """
    pairs = [text.partition("=") for text in texts]
    wrong = [name for name, equals, folder in pairs if not (equals and folder)]
    if wrong:
        raise ValueError(f"--corpus takes NAME=DIR. Received: {', '.join(wrong)}.")
    given = [name for name, _, _ in pairs]
    if len(set(given)) < len(given):
        raise ValueError(
            f"--corpus names each corpus once at most. Received: {', '.join(given)}."
        )
    return {name: folder for name, _, folder in pairs}


def names(text: str) -> tuple[str, ...]:
    names = tuple(name for name in text.split(",") if name)
    if not names:
        raise argparse.ArgumentTypeError(
            f"expected names with commas between them. Received: {text!r}"
        )
    return names


def numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in names(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"expected numbers with commas between them. Received: {text!r}"
        ) from error


def count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(
            f"expected a whole number, 0 or more. Received: {text}"
        )
    return int(text)


def positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(
            f"expected a whole number, 1 or more. Received: {text}"
        )
    return int(text)
