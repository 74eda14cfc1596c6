"""The parser of all commands, and how a command runs and ends."""

import argparse
import sys
import warnings

from keras_ser import backend
from keras_ser.cli import arguments, commands, errors


def entry() -> None:
    """The console script."""
    from absl import app
    from absl.flags import argparse_flags

    backend.set_tensorflow_defaults()
    warnings.showwarning = _show_warning
    app.run(
        main,
        flags_parser=lambda argv: parser(argparse_flags.ArgumentParser).parse_args(
            argv[1:]
        ),
    )


def main(parsed: argparse.Namespace) -> int:
    """Runs a parsed command.

    Returns:
        0; 1 if a run failed, 2 for bad input, 130 when interrupted, each with one
        line on stderr.
    """
    return errors.reported(lambda: parsed.function(**_options(parsed)))


def run_options(words: list[str] | None = None) -> dict:
    """The arguments of `keras_ser.run` from the words of `keras-ser run`.

    A script takes the options of the command line with it.

    Args:
        words: such as `["--smoke"]`; default, those that the script was called with.

    Returns:
        Keyword arguments of `run`, without `config`.

    Raises:
        SystemExit: words that the command does not know, or `--help`, as argparse does.
        ValueError: `--corpus` without a name or a folder.

    Example:

    >>> run("configs/mtl_aug/emodb.py", **run_options(["--smoke"]))
    """
    words = sys.argv[1:] if words is None else words
    options = _options(parser().parse_args(["run", "CONFIG", *words]))
    del options["config"]
    return options


def parser(kind=argparse.ArgumentParser) -> argparse.ArgumentParser:
    """The parser of all commands."""
    top = kind(
        prog="keras-ser",
        description="Speech emotion recognition: train, evaluate, report, predict.",
    )
    subparsers = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, summary in COMMANDS.items():
        command = subparsers.add_parser(name, help=summary, description=summary)
        getattr(arguments, name)(command)
        command.set_defaults(function=getattr(commands, name))
    return top


COMMANDS = {
    "demo": "Train the baseline and MTL-AUG on synthetic speech, in minutes.",
    "corpus": "Show what the folder of a corpus holds.",
    "features": "Fill the feature cache.",
    "run": "Run an experiment and write its report.",
    "tune": "Search for settings of one of its networks.",
    "robustness": "Test finished runs under noise, attacks, other levels and coding.",
    "report": "Write the report of finished runs.",
    "predict": "Recognise emotion in audio files.",
    "export": "Write a model for other programs: waveform in, named probabilities out.",
}


def _options(parsed: argparse.Namespace) -> dict:
    """The arguments of a command's function."""
    options = dict(vars(parsed))
    for name in ("command", "function"):
        del options[name]
    if "corpora" in options:
        options["corpora"] = arguments.folders(options["corpora"])
    return options


def _show_warning(message, category, filename, lineno, file=None, line=None) -> None:
    print(f"keras-ser: warning: {message}", file=sys.stderr)
