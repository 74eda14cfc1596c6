"""The command line: `keras-ser <command> …`."""

import argparse
import os
import sys
import warnings
from pathlib import Path

from keras_ser import complaints, flags


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
    arguments = parser().parse_args(["run", str(path), *words])
    code = main(arguments)
    if code:
        raise SystemExit(code)
    return Path(arguments.out) / _experiment(arguments)[0].name


def _settle() -> None:
    """What a process sets before TensorFlow loads, and how it shows warnings.

    Less chatter, and the kernels that train faster on processors for which
    TensorFlow does not choose them (benchmarks/onednn.py).
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    warnings.showwarning = _show_warning


def main(arguments) -> int:
    """Runs a parsed command.

    Returns:
        0; 1 where a run failed, 2 for bad input, 130 when interrupted, each with one
        line on stderr.
    """
    return complaints.told(lambda: arguments.run(arguments))


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
    import dataclasses
    import json

    from keras_ser import corpora
    from keras_ser.corpora import audformat, survey
    from keras_ser.overrides import pairs

    options = pairs(arguments.set)
    told = survey.of(arguments.name, arguments.root, arguments.workers, **options)
    if arguments.json:
        print(json.dumps(dataclasses.asdict(told), indent=2, ensure_ascii=False))
    else:
        print(told.text())
    if told.unreadable:
        raise ValueError(
            f"Corpus `{arguments.name}` has {len(told.unreadable)} files that cannot "
            "be read, listed above. Replace them, or move them elsewhere."
        )
    if arguments.audformat:
        table = corpora.read(arguments.name, arguments.root, **options)
        written = audformat.write(table, arguments.audformat)
        print(f"written: {written}", file=sys.stderr)


def features(arguments) -> int:
    from keras_ser import experiment, files, inputs, unusable

    files.writable_folder(arguments.cache)
    loaded, roots = _loaded(arguments)
    tables = inputs.read_tables(loaded, roots, arguments.cache, arguments.skip_bad)
    planned = experiment.jobs(loaded, *tables, "runs")
    bad = [] if arguments.skip_bad else None
    count = experiment.prepare(planned, arguments.cache, arguments.workers, bad=bad)
    print(
        f"{count} entries extracted below {arguments.cache}; all are there now", end=""
    )
    if bad:
        listed = unusable.write(Path(arguments.cache) / unusable.NAME, bad)
        print(f", but for {len(bad)} utterances, listed in {listed}", end="")
    print(".")


def run(arguments) -> int:
    from keras_ser import experiment, files

    for folder in (arguments.out, arguments.cache):
        files.writable_folder(folder)
    loaded, roots = _experiment(arguments)
    planned = _planned(arguments, loaded, roots)
    folder = Path(arguments.out) / loaded.name
    if arguments.smoke:  # a run that finished before would show nothing
        experiment.clear(folder)
    told = experiment.standing(planned)
    print(f"{loaded.name}: {len(planned)} runs below {arguments.out}: {told}")
    todo = [job.folder for job in planned if not job.folder.exists()]
    try:
        experiment.run(
            planned,
            arguments.cache,
            arguments.workers,
            arguments.threads,
            devices=arguments.devices,
            monitor=arguments.monitor,
            cluster=arguments.cluster,
        )
    except Exception as error:  # one that failed; the others are done
        if any(each.exists() for each in todo):
            _note_of_report(error, folder)
        raise
    _report([folder], folder / "report")


def _experiment(arguments) -> tuple:
    """The experiment that a run's arguments ask for, and the folders of corpora."""
    from keras_ser import config, variants

    loaded, roots = _loaded(arguments)
    if arguments.preset:
        loaded = variants.at_preset(loaded, arguments.preset)
    if arguments.smoke:
        loaded = variants.smoke(loaded)
    if arguments.repeats:
        loaded = config.override(loaded, f"repeats={arguments.repeats}")
    return variants.restricted(loaded, arguments.systems), roots


def _planned(arguments, loaded, roots) -> list:
    """The jobs of a run; with --skip-bad, those without what cannot be used."""
    from keras_ser import experiment, inputs

    noise = inputs.read_noise(loaded, roots, arguments.cache)

    def plan(tables):
        out, folds = arguments.out, arguments.folds
        planned = experiment.jobs(loaded, *tables, out, folds=folds, noise=noise)
        if arguments.smoke and not arguments.folds:
            planned = [job for job in planned if job.fold is planned[0].fold]
        return planned

    cache = arguments.cache
    tables = inputs.read_tables(loaded, roots, cache, arguments.skip_bad)
    planned = plan(tables)
    if not arguments.skip_bad:
        return planned
    bad = []
    experiment.prepare(planned, cache, arguments.workers, bad=bad)
    return inputs.without_bad(planned, bad, tables, plan)


def report(arguments) -> int:
    out = arguments.out or Path(arguments.runs[0]) / "report"
    _report(arguments.runs, out, tuple(arguments.format), against=arguments.against)


def predict(arguments) -> int:
    from keras_ser.inference import Recogniser

    recogniser = Recogniser.load(arguments.model)
    table = recogniser.predict(arguments.files, arguments.window, arguments.hop)
    if arguments.json:
        print(table.to_json(orient="records", lines=True), end="")
    else:
        print(table.to_string(index=False, float_format="{:.3f}".format))


def export(arguments) -> int:
    from keras_ser import exporting
    from keras_ser.formats import FORMATS
    from keras_ser.inference import Recogniser

    source = Path(arguments.model)
    out = arguments.out or (source if source.is_dir() else source.parent)
    paths = exporting.destinations(out, arguments.format)
    recogniser = Recogniser.load(source)
    for name, path in paths.items():
        exporting.export(recogniser, path, name)
        print(f"written: {path}\n{FORMATS[name].example(path)}\n")
    print(
        "`waves` are float32 (batch, samples), mono, 16 kHz, in [-1, 1];\n"
        "of one file, keras_ser.audio.read(file)[None]."
    )


COMMANDS = {
    "demo": (
        demo,
        flags.demo,
        "Train the baseline and MTL-AUG on synthetic speech, in minutes.",
    ),
    "corpus": (corpus, flags.corpus, "Say what a corpus's folder holds."),
    "features": (features, flags.features, "Fill the feature cache."),
    "run": (run, flags.run, "Run an experiment and write its report."),
    "report": (report, flags.report, "Write the report of finished runs."),
    "predict": (predict, flags.predict, "Recognise emotion in audio files."),
    "export": (
        export,
        flags.export,
        "Write a model for other programs: waveform in, named probabilities out.",
    ),
}


def _loaded(arguments) -> tuple:
    """The experiment on the corpora that the command line gives, and their folders."""
    from keras_ser import config, variants

    loaded = config.load(arguments.config, arguments.set)
    pairs = [text.partition("=") for text in arguments.corpus]
    wrong = [name for name, equals, folder in pairs if not (equals and folder)]
    if wrong:
        raise ValueError(f"--corpus takes NAME=DIR. Received: {', '.join(wrong)}.")
    given = [name for name, _, _ in pairs]
    if len(set(given)) < len(given):
        raise ValueError(
            f"--corpus names each corpus once at most. Received: {', '.join(given)}."
        )
    roots = {name: folder for name, _, folder in pairs}
    return variants.on_corpora(loaded, given), roots


def _report(runs, out, *options, **more) -> None:
    """Writes and shows a report; a speaker on two sides of a fold is a failure."""
    from keras_ser import reports

    _show(reports.build(runs, out, *options, **more))
    shared = reports.shared_speakers(runs)
    if shared:
        raise RuntimeError(
            "The sides of a fold must share no speaker. Received: "
            f"{len(shared)} that do, the first: {shared[0]} The report lists all. "
            "Correct the corpus's speaker names and run again."
        )


def _note_of_report(error: Exception, folder: Path) -> None:
    """Reports what is done although something failed, which is what is told."""
    try:
        _report([folder], folder / "report")
    except (ValueError, OSError, RuntimeError) as other:
        error.add_note(f"What is done could not be reported: {other}")


def _show(paths) -> None:
    """The Markdown report, then the names of the other files."""
    for path in paths:
        if Path(path).name == "report.md":
            print(Path(path).read_text(encoding="utf-8"))
    print("written:", *map(str, paths), sep="\n  ")


def _show_warning(message, category, filename, lineno, file=None, line=None) -> None:
    print(f"keras-ser: warning: {message}", file=sys.stderr)
