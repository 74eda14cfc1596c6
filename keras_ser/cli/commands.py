"""The commands: each calls a function of the package and prints its result."""

import dataclasses
import json
import shlex
import sys
from pathlib import Path

from keras_ser.cli import printing

MAX_NAMED = 5  # files


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
) -> int | None:
    from keras_ser import corpora
    from keras_ser.cli import errors
    from keras_ser.corpora import audformat as database
    from keras_ser.corpora import find
    from keras_ser.experiments.overrides import parse_options

    options = parse_options(overrides)
    found = find.find(data, emotion, speaker, options, root or "")
    print(*found.guessed, sep="\n", end="\n" * bool(found.guessed), file=sys.stderr)
    if found.speakers:
        done = not (as_json or audformat)
        print(found.choices(), file=sys.stdout if done else sys.stderr)
        return None if done else errors.BAD_INPUT
    survey = corpora.survey_corpus(found.reader, found.root, workers, **found.options)
    if as_json:
        print(json.dumps(dataclasses.asdict(survey), indent=2, ensure_ascii=False))
    else:
        print(survey.text(), _next_command(found, survey), sep="\n\n")
    survey.check_readable()
    if audformat:
        table = corpora.read(found.reader, found.root, **found.options)
        print("written:", database.write(table, audformat), file=sys.stderr)
    return None


def _next_command(found, survey) -> str:
    """The command that trains on a corpus, or why there is none yet."""
    if set(survey.emotions) <= {""}:
        what = "COLUMN" if found.root.is_file() else "PATTERN"
        return (
            "No emotion was recognised. To train on it, say where the emotion is: "
            f"--emotion {what}"
        )
    return f"To train on it:\n  {found.command()}"


def train(overrides: list, **options) -> int | None:
    from keras_ser import experiments
    from keras_ser.cli import errors
    from keras_ser.corpora.find import SpeakerUnknown
    from keras_ser.experiments.overrides import parse_options

    try:
        experiments.train(**options, options=parse_options(overrides))
    except SpeakerUnknown as error:
        print(error, file=sys.stderr)  # a line per choice
        return errors.BAD_INPUT
    return None


def configs(name: str | None) -> None:
    from keras_ser.experiments import config_file

    if name:
        print(config_file.find_config(name).read_text(encoding="utf-8"), end="")
        return
    known = config_file.list_configs()
    width = max(map(len, known))
    for each, path in known.items():
        print(f"{each:<{width}}  {config_file.describe_config(path)}")
    print(
        "\nkeras-ser configs NAME prints one of them, with its source, its expected "
        "scores and its command."
    )


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

    printing.print_experiment(experiments.run(**options))


def tune(**options) -> None:
    from keras_ser import tuning

    command = shlex.join(["keras-ser", *sys.argv[1:]])
    path = tuning.search(**options, command=command)
    print("written:", path, path.with_name("trials.csv"), sep="\n  ")


def robustness(**options) -> None:
    from keras_ser import robustness

    printing.print_reports(robustness.evaluate(**options))


def report(runs: list, out: str | None, **options) -> None:
    from keras_ser import reports
    from keras_ser.reports.archives import default_folder

    out = out or default_folder(runs[0], "report")
    written = reports.write(runs, out, **options)
    printing.print_overview(runs, options["reference"])
    print("written:", *sorted(written), sep="\n  ")
    reports.check_speakers(runs)


def pack(**options) -> None:
    from keras_ser import reports

    print("written:", *reports.pack(**options), sep="\n  ")


def predict(
    paths: list, as_json: bool, out: str | None, picture: str | None, **options
) -> int | None:
    from keras_ser import inference
    from keras_ser.inference import demonstration
    from keras_ser.utils import files

    if as_json and out:
        raise ValueError(
            "--json prints, and --out writes CSV. Received: both. Choose one of them."
        )
    if out:
        files.writable_file(out)
    if picture:
        files.writable_folder(picture)
    model, audio = demonstration.split(paths)
    table = inference.predict(model, audio, **options, skip_bad=True)
    _check_any(table)
    shown = table.assign(file=table.file.map(files.as_utf8))
    if out:
        _write_table(table, out)
    elif as_json:
        print(shown.to_json(orient="records", lines=True), end="")
    else:
        print(shown.to_string(index=False, float_format="{:.3f}".format))
    _say_about(table)
    _note_unfamiliar(table)
    code = _list_skipped(table)
    if picture:
        name = "demonstration model" if model == demonstration.PATH else model
        written = inference.draw_timelines(table, picture, name)
        print("written:", *written, sep="\n  ", file=sys.stderr)
    return code


def _say_about(table) -> None:
    """Says what the model learned from."""
    from keras_ser.cli import streams

    if table.attrs["about"]:
        streams.write_line(f"about the model: {table.attrs['about']}")


def _note_unfamiliar(table) -> None:
    """Names files whose predictions are worth little."""
    from keras_ser.cli import streams

    far = table.attrs["unfamiliar"]
    if far:
        names = ", ".join(list(far)[:MAX_NAMED])
        more = f" and {len(far) - MAX_NAMED} more" if len(far) > MAX_NAMED else ""
        streams.write_line(
            f"note: {len(far)} of {table.file.nunique()} files are unlike the speech "
            f"that the model learned from, in their average features: {names}{more}. "
            "Expect wrong predictions there."
        )


def embed(paths: list, out: str, **options) -> int | None:
    from keras_ser import inference
    from keras_ser.inference import demonstration
    from keras_ser.utils import files

    files.writable_file(out)
    model, audio = demonstration.split(paths)
    table = inference.embed(model, audio, **options, skip_bad=True)
    _check_any(table)
    _write_table(table, out)
    _say_about(table)
    return _list_skipped(table)


def _write_table(table, path: str) -> None:
    from keras_ser.utils import csv_files, files

    written = files.write_text(path, csv_files.to_text(table))
    print("written:", written, file=sys.stderr)


def _check_any(table) -> None:
    """Raises an error that lists the files if none could be used."""
    from keras_ser.audio.unusable import Unusable, UnusableAudio

    skipped = table.attrs["skipped"]
    if skipped and table.empty:
        raise UnusableAudio(Unusable(name, name, why) for name, why in skipped.items())


def _list_skipped(table) -> int | None:
    """Lists the files that could not be used; returns the exit code."""
    from keras_ser.cli import errors, streams

    for name, why in table.attrs["skipped"].items():
        reason = why if name in why else f"{name}: {why}"
        streams.write_line(f"left out: {reason}")
    return errors.FAILED if table.attrs["skipped"] else None


def export(**options) -> None:
    from keras_ser import inference

    for name, path in inference.export(**options).items():
        print(f"written: {path}\n{inference.FORMATS[name].example(path)}\n")
    print(
        "`waves` are float32 (batch, samples), mono, 16 kHz, in [-1, 1].\n"
        "For one file they are keras_ser.audio.read(file)[None]."
    )
