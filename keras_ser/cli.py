"""The command line: `keras-ser <command> …`."""

import argparse
import os
import shutil
import sys
import warnings
from pathlib import Path

FAILED = 1
BAD_INPUT = 2


def entry() -> None:
    """The console script."""
    # Before TensorFlow loads: less chatter, and the kernels that train faster on
    # processors for which TensorFlow does not choose them (benchmarks/onednn.py).
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    from absl import app
    from absl.flags import argparse_flags

    warnings.showwarning = _show_warning
    app.run(
        main,
        flags_parser=lambda argv: parser(argparse_flags.ArgumentParser).parse_args(
            argv[1:]
        ),
    )


def main(arguments) -> int:
    """Runs a parsed command.

    Returns:
        0; 1 where a run failed, 2 for bad input, each with one line on stderr.
    """
    try:
        return arguments.run(arguments) or 0
    except (ValueError, FileNotFoundError) as error:
        return _complain(error, BAD_INPUT)
    except RuntimeError as error:
        return _complain(error, FAILED)


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


def demo(arguments) -> int:
    from keras_ser import demo as demonstration

    demonstration.run(arguments.out)


def corpus(arguments) -> int:
    from keras_ser import corpora

    table = corpora.read(arguments.name, arguments.root)
    known = corpora.CORPORA[arguments.name]
    print(f"{known.title}: {known.language}, {known.licence}")
    print(f"{len(table)} utterances, {table.duration.sum() / 60:.1f} minutes")
    print(_counts(table, "emotion"))
    print(_counts(table, "speaker"))
    for text in (table.attrs.get("release"), known.note):
        if text:
            print(text)


def features(arguments) -> int:
    from keras_ser import config, experiment

    loaded = config.load(arguments.config, arguments.set)
    tables = experiment.read_tables(loaded, _roots(arguments), arguments.cache)
    planned = experiment.jobs(loaded, *tables, "runs")
    count = experiment.prepare(planned, arguments.cache, arguments.workers)
    print(f"{count} entries extracted below {arguments.cache}; all are there now.")


def run(arguments) -> int:
    from keras_ser import config, experiment, reports

    loaded = config.load(arguments.config, arguments.set)
    if arguments.smoke:
        loaded = experiment.smoke(loaded)
        # A run that finished before would show nothing.
        shutil.rmtree(Path(arguments.out) / loaded.name, ignore_errors=True)
    if arguments.repeats:
        loaded = config.override(loaded, f"repeats={arguments.repeats}")
    tables = experiment.read_tables(loaded, _roots(arguments), arguments.cache)
    planned = experiment.jobs(
        loaded, *tables, arguments.out, arguments.systems, arguments.folds
    )
    if arguments.smoke and not arguments.folds:
        planned = [job for job in planned if job.fold is planned[0].fold]
    print(f"{loaded.name}: {len(planned)} runs below {arguments.out}")
    experiment.run(planned, arguments.cache, arguments.workers, arguments.threads)
    folder = Path(arguments.out) / loaded.name
    _show(reports.build([folder], folder / "report"))


def report(arguments) -> int:
    from keras_ser import reports

    out = arguments.out or Path(arguments.runs[0]) / "report"
    _show(reports.build(arguments.runs, out, tuple(arguments.format)))


def predict(arguments) -> int:
    from keras_ser.inference import Recogniser

    recogniser = Recogniser.load(arguments.model)
    table = recogniser.predict(arguments.files, arguments.window, arguments.hop)
    if arguments.json:
        print(table.to_json(orient="records", lines=True), end="")
    else:
        print(table.to_string(index=False, float_format="{:.3f}".format))


def _demo_arguments(command) -> None:
    command.add_argument(
        "--out", default="keras_ser_demo", help="folder of everything it writes"
    )


def _corpus_arguments(command) -> None:
    command.add_argument("name", metavar="NAME", help="a corpus, such as emodb")
    command.add_argument("--root", required=True, help="the corpus's folder")


def _features_arguments(command) -> None:
    _config_arguments(command)


def _run_arguments(command) -> None:
    _config_arguments(command)
    command.add_argument("--systems", type=_names, default=(), metavar="A,B")
    command.add_argument("--folds", type=_names, default=(), metavar="03,08")
    command.add_argument("--repeats", type=_positive, help="repeats of each fold")
    command.add_argument("--threads", type=_positive, help="CPU threads a process")
    command.add_argument("--out", default="runs", help="folder of all runs")
    command.add_argument(
        "--smoke",
        action="store_true",
        help="one fold of two epochs on synthetic speech, to see that all runs",
    )


def _config_arguments(command) -> None:
    command.add_argument("config", metavar="CONFIG", help="a file with an Experiment")
    command.add_argument(
        "--corpus",
        action="append",
        default=[],
        metavar="NAME=DIR",
        help="folder of a corpus; else $KERAS_SER_CORPORA/NAME",
    )
    command.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="PATH=VALUE",
        help="another value in the config, training.epochs=5",
    )
    command.add_argument("--cache", default="cache", help="folder of features")
    command.add_argument("--workers", type=_positive, default=1, help="processes")


def _report_arguments(command) -> None:
    command.add_argument("runs", nargs="+", metavar="RUNS", help="folders of runs")
    command.add_argument("--out", help="folder; default RUNS/report")
    command.add_argument(
        "--format", type=_names, default=("md", "tex", "png"), metavar="md,tex,png"
    )


def _predict_arguments(command) -> None:
    command.add_argument("model", metavar="RUN|MODEL", help="run folder or model file")
    command.add_argument("files", nargs="+", metavar="FILE", help="audio files")
    command.add_argument("--window", type=float, metavar="S", help="seconds")
    command.add_argument("--hop", type=float, metavar="S", help="seconds")
    command.add_argument("--json", action="store_true", help="a JSON object a line")


COMMANDS = {
    "demo": (
        demo,
        _demo_arguments,
        "Train the baseline and MTL-AUG on synthetic speech, in minutes.",
    ),
    "corpus": (corpus, _corpus_arguments, "Say what a corpus's folder holds."),
    "features": (features, _features_arguments, "Fill the feature cache."),
    "run": (run, _run_arguments, "Run an experiment and write its report."),
    "report": (report, _report_arguments, "Write the report of finished runs."),
    "predict": (predict, _predict_arguments, "Recognise emotion in audio files."),
}


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in text.split(",") if name)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected 1 or more. Received: {text}")
    return int(text)


def _roots(arguments) -> dict[str, str]:
    pairs = [text.partition("=") for text in arguments.corpus]
    wrong = [name for name, equals, folder in pairs if not (equals and folder)]
    if wrong:
        raise ValueError(f"--corpus takes NAME=DIR. Received: {', '.join(wrong)}.")
    return {name: folder for name, _, folder in pairs}


def _counts(table, column: str) -> str:
    counted = table[column].replace("", "unlabelled").value_counts().sort_index()
    if len(counted) > 30:
        return f"{column}s: {len(counted)}"
    return f"{column}s: " + ", ".join(f"{k} {v}" for k, v in counted.items())


def _complain(error, code: int) -> int:
    print(f"keras-ser: {' '.join(str(error).split())}", file=sys.stderr)
    return code


def _show(paths) -> None:
    """The Markdown report, then the names of the other files."""
    for path in paths:
        if Path(path).name == "report.md":
            print(Path(path).read_text(encoding="utf-8"))
    print("written:", *map(str, paths), sep="\n  ")


def _show_warning(message, category, filename, lineno, file=None, line=None) -> None:
    print(f"keras-ser: warning: {message}", file=sys.stderr)
