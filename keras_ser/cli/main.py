"""The parser of all commands, and the function that runs one."""

import argparse
import sys
import warnings

import keras_ser
from keras_ser import backend
from keras_ser.cli import arguments, commands, errors, streams


def entry() -> None:
    """Runs the console script `keras-ser`."""
    from absl import app
    from absl.flags import argparse_flags

    backend.set_tensorflow_defaults()
    warnings.showwarning = _show_warning
    streams.replace_unknown_signs()
    try:
        app.run(
            main,
            flags_parser=lambda argv: parser(argparse_flags.ArgumentParser).parse_args(
                argv[1:]
            ),
        )
    except BrokenPipeError:  # from `--help`
        sys.exit(errors.PIPE_CLOSED)
    finally:
        streams.discard()


def main(parsed: argparse.Namespace) -> int:
    """Runs a parsed command.

    Args:
        parsed: The arguments, from `parser`.

    Returns:
        The exit code: 0 for success, 1 if a run failed, 2 for bad input, or 128 and
        the number of the signal that interrupted the command. An error is reported as
        one line on stderr.
    """
    return errors.run_command(lambda: parsed.function(**_options(parsed)))


def run_options(words: list[str] | None = None) -> dict:
    """Returns the arguments of `keras_ser.run` for the words of `keras-ser run`.

    A script can thus take the same options as the command line.

    Args:
        words: The words, such as `["--smoke"]`. The default is those that the script
            was called with.

    Returns:
        The keyword arguments of `run`, without `config`.

    Raises:
        SystemExit: If a word is unknown, or for `--help`; argparse raises it.
        ValueError: If `--corpus` has no name or no folder.

    Example:

    >>> run("configs/mtl_aug/emodb.py", **run_options(["--smoke"]))
    """
    words = sys.argv[1:] if words is None else words
    options = _options(parser().parse_args(["run", "CONFIG", *words]))
    del options["config"]
    return options


def parser(kind=argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Returns the parser of all commands.

    Args:
        kind: The class of the parser.
    """
    top = kind(
        prog="keras-ser",
        description="Speech emotion recognition: train, evaluate, report, predict.",
    )
    version = f"keras_ser {keras_ser.__version__}"
    top.add_argument("--version", action="version", version=version)
    subparsers = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, summary in COMMANDS.items():
        command = subparsers.add_parser(name, help=summary, description=summary)
        getattr(arguments, name)(command)
        command.set_defaults(function=getattr(commands, name))
    for each in (top, *subparsers.choices.values()):
        _hide_flags_of_absl(each)
    return top


def _hide_flags_of_absl(command: argparse.ArgumentParser) -> None:
    """Leaves `--helpfull`, which lists the flags of absl, out of the help."""
    for action in command._actions:
        if "--helpfull" in action.option_strings:
            action.help = argparse.SUPPRESS


PATHS = ("out", "picture", "cache", "pack", "packed", "root", "audformat")
COMMANDS = {
    "demo": "Train the baseline and MTL-AUG on synthetic speech, in minutes.",
    "corpus": "Show what a folder of speech holds, and how to train on it.",
    "train": "Train and test the usual systems on your own data.",
    "configs": "List the experiments that come with the package.",
    "features": "Extract the features of an experiment into the cache.",
    "run": "Run an experiment and write its report.",
    "tune": "Search for good settings of one network of an experiment.",
    "robustness": "Score finished runs under noise, attacks, gain and lossy coding.",
    "report": "Write the report of finished runs.",
    "pack": "Pack finished runs into one archive per experiment, without models.",
    "predict": "Recognise the emotion in audio files.",
    "embed": "Write the embeddings of audio files.",
    "export": "Export a model for other programs, from waveform to probabilities.",
}


def _options(parsed: argparse.Namespace) -> dict:
    """Returns the arguments of a command's function."""
    options = dict(vars(parsed))
    for name in ("command", "function"):
        del options[name]
    for name in PATHS:
        if options.get(name) == "":
            raise ValueError(
                f"`--{name}` takes a path. Received: an empty text, perhaps from a "
                "variable that is not set. Give the path, or leave the option out."
            )
    if "corpora" in options:
        options["corpora"] = arguments.parse_folders(options["corpora"])
    return options


def _show_warning(message, category, filename, lineno, file=None, line=None) -> None:
    streams.write_line(f"warning: {message}")
