"""The commands: each calls a function of the package and prints its result."""

import dataclasses
import json
import shlex
import sys
from pathlib import Path


def demo(out: str) -> None:
    from keras_ser.cli import demo as demonstration

    demonstration.run(out)


def corpus(
    data: str,
    root: str | None,
    emotion: str,
    speaker: str,
    overrides: list,
    workers: int,
    audformat: str,
    as_json: bool,
) -> None:
    from keras_ser import corpora
    from keras_ser.corpora import audformat as database
    from keras_ser.corpora import find
    from keras_ser.experiments.overrides import parse_options

    options = parse_options(overrides)
    found = find.find(data, emotion, speaker, options, root or "")
    print(*found.guessed, sep="\n", end="\n" * bool(found.guessed), file=sys.stderr)
    if found.speakers:
        print(found.choices())
        return
    survey = corpora.survey_corpus(found.reader, found.root, workers, **found.options)
    if as_json:
        print(json.dumps(dataclasses.asdict(survey), indent=2, ensure_ascii=False))
    else:
        print(survey.text(), f"To train on it:\n  {found.command()}", sep="\n\n")
    survey.check_readable()
    if audformat:
        table = corpora.read(found.reader, found.root, **found.options)
        print("written:", database.write(table, audformat), file=sys.stderr)


def train(overrides: list, **options) -> None:
    from keras_ser import experiments
    from keras_ser.experiments.overrides import parse_options

    experiments.train(**options, options=parse_options(overrides))


def features(verify: bool, **options) -> None:
    from keras_ser import experiments
    from keras_ser.features import Verification

    verification = Verification() if verify else None
    count, bad = experiments.prepare_features(**options, verification=verification)
    cache = options["cache"]
    if verification:
        print(verification.text())
    print(f"{count} entries extracted into {cache}. The cache is complete.")
    if options["pack"]:
        print(f"written: {options['pack']}, {_megabytes(options['pack'])}")
    if bad:
        print(f"Skipped {len(bad)} utterances, listed in {Path(cache, 'skipped.csv')}.")


def _megabytes(path: str) -> str:
    return f"{Path(path).stat().st_size / 1e6:.1f} MB"


def run(**options) -> None:
    from keras_ser import experiments

    folder = experiments.run(**options) / "report"
    print((folder / "report.md").read_text(encoding="utf-8"))
    print(f"written below {folder}")


def tune(**options) -> None:
    from keras_ser import tuning

    command = shlex.join(["keras-ser", *sys.argv[1:]])
    path = tuning.search(**options, command=command)
    print("written:", path, path.with_name("trials.csv"), sep="\n  ")


def robustness(**options) -> None:
    from keras_ser import robustness

    _show(robustness.evaluate(**options))


def report(runs: list, out: str | None, **options) -> None:
    from keras_ser import reports
    from keras_ser.reports.archives import default_folder

    _show(reports.write(runs, out or default_folder(runs[0], "report"), **options))
    reports.check_speakers(runs)


def pack(**options) -> None:
    from keras_ser import reports

    print("written:", *reports.pack(**options), sep="\n  ")


def predict(
    as_json: bool, out: str | None, picture: str | None, **options
) -> int | None:
    from keras_ser import inference
    from keras_ser.audio.unusable import Unusable, UnusableAudio
    from keras_ser.cli import errors, streams
    from keras_ser.utils import csv_files, files

    table = inference.predict(**options, skip_bad=True)
    bad = [Unusable(name, name, why) for name, why in table.attrs["skipped"].items()]
    if bad and table.empty:
        raise UnusableAudio(bad)
    if out:
        print("written:", files.write_text(out, csv_files.to_text(table)))
    elif as_json:
        print(table.to_json(orient="records", lines=True), end="")
    else:
        print(table.to_string(index=False, float_format="{:.3f}".format))
    if picture:
        written = inference.draw_timelines(table, picture, options["model"])
        print("written:", *written, sep="\n  ")
    for each in bad:
        streams.write_line(f"not predicted: {each.file}: {each.reason}")
    return errors.FAILED if bad else None


def export(**options) -> None:
    from keras_ser import inference

    for name, path in inference.export(**options).items():
        print(f"written: {path}\n{inference.FORMATS[name].example(path)}\n")
    print(
        "`waves` are float32 (batch, samples), mono, 16 kHz, in [-1, 1].\n"
        "For one file they are keras_ser.audio.read(file)[None]."
    )


def _show(paths) -> None:
    """Prints reports in Markdown, then the names of all files."""
    paths = sorted(map(Path, paths), key=lambda path: (path.suffix != ".md", path))
    for path in paths:
        if path.suffix == ".md":
            print(path.read_text(encoding="utf-8"))
    print("written:", *paths, sep="\n  ")
