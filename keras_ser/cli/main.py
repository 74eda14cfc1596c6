"""The command line: `keras-ser <command> …`."""

import argparse
import os
import sys
import warnings
from pathlib import Path

from keras_ser.cli import arguments, commands, errors


def entry() -> None:
    """The console script."""
    from absl import app
    from absl.flags import argparse_flags

    _settle()
    app.run(
        main,
        flags_parser=lambda argv: parser(argparse_flags.ArgumentParser).parse_args(
            argv[1:]
        ),
    )


def run_config(path, words) -> Path:
    """What `keras-ser run PATH WORDS…` does, for scripts.

    Args:
        path: of the config.
        words: further ones of the command line, `["--smoke"]`.

    Returns:
        The folder of the experiment, with its report in `report/`.

    Raises:
        SystemExit: with the command's exit code, where it is not 0.

    Example:

    >>> folder = run_config("configs/mtl_aug/emodb.py", ["--corpus", "emodb=DIR"])
    """
    _settle()
    parsed = parser().parse_args(["run", str(path), *words])
    code = main(parsed)
    if code:
        raise SystemExit(code)
    return Path(parsed.out) / commands.experiment_of(parsed)[0].name


def _settle() -> None:
    """What a process sets before TensorFlow loads, and how it shows warnings.

    Less chatter, and the kernels that train faster on processors for which
    TensorFlow does not choose them (benchmarks/onednn.py).
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    warnings.showwarning = _show_warning


def main(parsed) -> int:
    """Runs a parsed command.

    Returns:
        0; 1 where a run failed, 2 for bad input, 130 when interrupted, each with one
        line on stderr.
    """
    return errors.told(lambda: parsed.run(parsed))


def parser(kind=argparse.ArgumentParser) -> argparse.ArgumentParser:
    """The parser of all commands."""
    top = kind(
        prog="keras-ser",
        description="Speech emotion recognition: train, evaluate, report, predict.",
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (function, add, summary) in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary)
        add(command)
        command.set_defaults(run=function)
    return top


COMMANDS = {
    "demo": (
        commands.demo,
        arguments.demo,
        "Train the baseline and MTL-AUG on synthetic speech, in minutes.",
    ),
    "corpus": (commands.corpus, arguments.corpus, "Say what a corpus's folder holds."),
    "features": (commands.features, arguments.features, "Fill the feature cache."),
    "run": (commands.run, arguments.run, "Run an experiment and write its report."),
    "tune": (
        commands.tune,
        arguments.tune,
        "Search for settings of one of its networks.",
    ),
    "robustness": (
        commands.robustness,
        arguments.robustness,
        "Test finished runs under noise, attacks, other levels and coding.",
    ),
    "report": (commands.report, arguments.report, "Write the report of finished runs."),
    "predict": (
        commands.predict,
        arguments.predict,
        "Recognise emotion in audio files.",
    ),
    "export": (
        commands.export,
        arguments.export,
        "Write a model for other programs: waveform in, named probabilities out.",
    ),
}


def _show_warning(message, category, filename, lineno, file=None, line=None) -> None:
    print(f"keras-ser: warning: {message}", file=sys.stderr)
