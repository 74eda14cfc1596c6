"""What each command of the command line does with its arguments."""

import shlex
import sys
from pathlib import Path


def demo(arguments) -> int:
    from keras_ser.cli import demo as demonstration

    demonstration.run(arguments.out)


def corpus(arguments) -> int:
    import dataclasses
    import json

    from keras_ser import corpora
    from keras_ser.corpora import audformat, survey
    from keras_ser.experiments.overrides import pairs

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
    from keras_ser.audio import unusable
    from keras_ser.experiments import experiment, inputs
    from keras_ser.utils import files

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
    import joblib

    from keras_ser.experiments import experiment
    from keras_ser.utils import files

    for folder in (arguments.out, arguments.cache):
        files.writable_folder(folder)
    loaded, roots = experiment_of(arguments)
    planned = _planned(arguments, loaded, roots)
    folder = Path(arguments.out) / loaded.name
    if arguments.smoke:  # a run that finished before would show nothing
        experiment.clear(folder)
    told = experiment.standing(planned)
    print(f"{loaded.name}: {len(planned)} runs below {arguments.out}: {told}")
    todo = [job.folder for job in planned if not job.folder.exists()]
    workers = arguments.workers
    if arguments.smoke and arguments.devices == 1:  # its jobs are mostly Python's
        workers = max(workers, min(2, joblib.cpu_count(), len(todo)))
    try:
        experiment.run(
            planned,
            arguments.cache,
            workers,
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


def experiment_of(arguments) -> tuple:
    """The experiment that a run's arguments ask for, and the folders of corpora."""
    from keras_ser.experiments import config, variants

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
    from keras_ser.experiments import experiment, inputs

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


def tune(arguments) -> int:
    from keras_ser import tuning
    from keras_ser.experiments import experiment, inputs, variants
    from keras_ser.utils import files

    for folder in (arguments.out, arguments.cache):
        files.writable_folder(folder)
    loaded, roots = _loaded(arguments)
    if arguments.preset:
        loaded = variants.at_preset(loaded, arguments.preset)
    loaded = variants.restricted(loaded, filter(None, [arguments.system]))
    cache, bad = arguments.cache, []
    tables = inputs.read_tables(loaded, roots, cache, arguments.skip_bad)

    def plan():
        return tuning.plan(
            loaded,
            tables,
            arguments.out,
            arguments.system,
            arguments.fold,
            arguments.speakers,
            [tuning.parse(text) for text in arguments.space],
            arguments.oracle,
            arguments.seed,
            arguments.divisions,
            bad,
        )

    search = plan()
    if arguments.skip_bad:
        experiment.prepare(search.jobs(0, {}), cache, arguments.workers, bad=bad)
        search = plan()
    path = tuning.run(
        search,
        cache,
        arguments.trials,
        arguments.workers,
        arguments.threads,
        source=arguments.config,
        command=shlex.join(["keras-ser", *sys.argv[1:]]),
    )
    print("written:", path, path.with_name("trials.csv"), sep="\n  ")


def robustness(arguments) -> int:
    from keras_ser import robustness as robust

    settings = {"snr": arguments.snr, "epsilon": arguments.epsilon}
    _show(
        robust.evaluate(
            arguments.runs,
            _roots(arguments),
            arguments.noise,
            arguments.kinds,
            **{name: value for name, value in settings.items() if value is not None},
            published=arguments.published,
            out=arguments.out,
            cache=arguments.cache,
            workers=arguments.workers,
        )
    )


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
    from keras_ser.inference import Recogniser, exporters
    from keras_ser.inference.formats import FORMATS

    source = Path(arguments.model)
    out = arguments.out or (source if source.is_dir() else source.parent)
    paths = exporters.destinations(out, arguments.format)
    recogniser = Recogniser.load(source)
    for name, path in paths.items():
        exporters.export(recogniser, path, name)
        print(f"written: {path}\n{FORMATS[name].example(path)}\n")
    print(
        "`waves` are float32 (batch, samples), mono, 16 kHz, in [-1, 1];\n"
        "of one file, keras_ser.audio.read(file)[None]."
    )


def _loaded(arguments) -> tuple:
    """The experiment on the corpora that the command line gives, and their folders."""
    from keras_ser.experiments import config, variants

    loaded, roots = config.load(arguments.config, arguments.set), _roots(arguments)
    return variants.on_corpora(loaded, roots), roots


def _roots(arguments) -> dict[str, str]:
    """The folders of corpora that the command line gives, in their order."""
    pairs = [text.partition("=") for text in arguments.corpus]
    wrong = [name for name, equals, folder in pairs if not (equals and folder)]
    if wrong:
        raise ValueError(f"--corpus takes NAME=DIR. Received: {', '.join(wrong)}.")
    given = [name for name, _, _ in pairs]
    if len(set(given)) < len(given):
        raise ValueError(
            f"--corpus names each corpus once at most. Received: {', '.join(given)}."
        )
    return {name: folder for name, _, folder in pairs}


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
    """The report or card in Markdown, then the names of all files."""
    for path in paths:
        if Path(path).suffix == ".md":
            print(Path(path).read_text(encoding="utf-8"))
    print("written:", *map(str, paths), sep="\n  ")
