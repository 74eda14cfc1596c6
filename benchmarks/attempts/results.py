"""An edited, cut or mixed-up result is an error, and never a line of a report."""

import itertools
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from attempts import REFUSALS
from keras_ser import reports
from keras_ser.corpora import COLUMNS
from keras_ser.experiments import Experiment, System
from keras_ser.experiments.plan import plan_jobs
from keras_ser.experiments.runner import run_job

ORDER = 6
PROMISE = "A report holds the results as they were written, or there is an error"
SPEAKERS, CLASSES = 4, ("anger", "fear")
ODD = {
    "a carriage return": "a\rb",
    "a line break": "a\nb",
    "both of them": "a\r\nb",
    "quotes": "say \"a\", 'b'",
    "commas": "a,b,,c",
    "a tabulator": "a\tb",
    "a zero character": "a\x00b",
    "the end of a file in DOS": "a\x1ab",
    "a separator of lines": "a\u2028b",
    "a byte order mark": "\ufeffa",
    "NA": "NA",
    "spaces": "  a ",
    "a backslash": "a\\",
    "a comment": "#a",
}


def attempts(folder: Path):
    """Yield every attempt to report something else than what was written."""
    clean = folder / "clean"
    run(clean, table())
    places = itertools.count()

    def copy() -> tuple[Path, Path]:
        out = folder / str(next(places))
        shutil.copytree(clean, out)
        return out, out / "toy" / "length" / "0-0"

    for name, change in EDITS.items():
        yield name, lambda change=change: refused(copy(), change)
    for name, change in LEGAL.items():
        yield name, lambda change=change: accepted(copy(), change)
    for name, text in ODD.items():
        out = folder / f"odd {next(places)}"
        yield f"{name} in a name", lambda text=text, out=out: odd(out, text)
    for name, change in ENVIRONMENTS.items():
        yield name, lambda change=change: named(copy(), change)


def table(prefix: str = "") -> pd.DataFrame:
    """Four speakers with six utterances each, whose durations tell their emotions."""
    rows = []
    for speaker, number in itertools.product(range(SPEAKERS), range(6)):
        name = f"toy/{prefix}{speaker}-{number}"
        emotion = CLASSES[number % 2]
        rows.append(
            {
                **{"utterance": name, "file": f"{name}.wav", "digest": f"d {name}"},
                **{"duration": 1.0 + number + (number == speaker), "source": name},
                **{"corpus": "toy", "speaker": f"toy/{speaker}", "emotion": emotion},
                **{"session": "", "gender": "", "language": "deu"},
            }
        )
    frame = pd.DataFrame(rows).reindex(columns=COLUMNS)
    numbers = ["start", "end", "activation", "valence", "dominance"]
    return frame.astype(dict.fromkeys(numbers, "float64"))


def run(out: Path, speech: pd.DataFrame) -> None:
    """Runs two systems that only read durations."""
    systems = {
        "length": System("LengthProbe", augment=()),
        "other": System("LengthProbe", arguments={"train_on_dev": True}, augment=()),
    }
    config = Experiment(name="toy", corpus="emodb", systems=systems)
    for job in plan_jobs(config, speech, None, out):
        run_job(job, out / "cache")


def report(out: Path) -> str:
    """The report of all runs."""
    reports.write(out / "toy", out / "report", formats="md")
    return (out / "report" / "report.md").read_text(encoding="utf-8")


def scores(text: str) -> list[str]:
    """The lines of the tables of a report."""
    return [line for line in text.splitlines() if line.startswith("|")]


def refused(made: tuple[Path, Path], change: Callable) -> str:
    """The report is an error after a change, and the error names a run."""
    out, folder = made
    change(folder)
    try:
        report(out)
    except REFUSALS as error:
        return "" if folder.parent.name in str(error) else f"no run in: {error}"
    return "reported"


def accepted(made: tuple[Path, Path], change: Callable) -> str:
    """The tables of the report stay the same after a harmless change."""
    out, folder = made
    before = scores(report(out))
    change(folder)
    try:
        after = scores(report(out))
    except REFUSALS as error:
        return f"rejected: {error}"
    return "" if before == after else "other tables"


def odd(out: Path, text: str) -> str:
    """All utterances with odd names are read back."""
    speech = table(text)
    run(out, speech)
    found = reports.read(out / "toy" / "length")
    report(out)
    wanted = sorted(speech.utterance)
    return "" if sorted(found.utterance) == wanted else "other names are read"


def named(made: tuple[Path, Path], change: Callable) -> str:
    """The report names a difference between environments, or there is an error."""
    out, folder = made
    value = change(folder)
    text = re.sub(r"\s+", " ", report(out))
    return "" if value in text else f"{value} is not in the report"


def edit_rows(change: Callable) -> Callable:
    """An edit of predictions.csv as a table of text."""

    def edit(folder: Path) -> None:
        path = folder / "predictions.csv"
        rows = pd.read_csv(path, dtype=str, keep_default_na=False)
        change(rows).to_csv(path, index=False, lineterminator="\n")

    return edit


def edit_json(name: str, change: Callable) -> Callable:
    """An edit of a JSON file."""

    def edit(folder: Path) -> None:
        value = json.loads((folder / name).read_text())
        change(value)
        (folder / name).write_text(json.dumps(value))

    return edit


def corrected(rows: pd.DataFrame) -> pd.DataFrame:
    """All predictions are right, with probabilities that fit."""
    rows = rows.assign(prediction=rows.truth)
    for name in CLASSES:
        rows[f"p_{name}"] = np.where(rows.truth == name, "0.9", "0.1")
    return rows


def wrong_rows(rows: pd.DataFrame) -> pd.Series:
    """The rows with errors; the first row if there are none."""
    wrong = rows.prediction != rows.truth
    return wrong if wrong.any() else rows.index == 0


def relabelled(rows: pd.DataFrame) -> pd.DataFrame:
    """Errors become the truth."""
    return rows.assign(truth=rows.prediction)


def swapped(rows: pd.DataFrame) -> pd.DataFrame:
    """Two truths change places."""
    rows = rows.copy()
    rows.loc[[0, 1], "truth"] = rows.loc[[1, 0], "truth"].to_numpy()
    return rows


def first(column: str, value: str) -> Callable:
    """An edit of one cell."""
    return edit_rows(lambda rows: rows.assign(**{column: [value, *rows[column][1:]]}))


def both(*edits: Callable) -> Callable:
    """Several edits."""

    def edit(folder: Path) -> None:
        for each in edits:
            each(folder)

    return edit


def recomputed(folder: Path) -> None:
    """Scores and counts of metrics.json as they follow from predictions.csv."""
    from keras_ser import scores as measures

    rows = pd.read_csv(folder / "predictions.csv", keep_default_na=False)
    found = measures.summary(rows.truth, rows.prediction, list(CLASSES))
    path = folder / "metrics.json"
    metrics = json.loads(path.read_text())
    metrics["scores"] = json.loads(json.dumps(found, default=float))
    metrics["utterances"]["test"] = len(rows)
    metrics["speakers"]["test"] = sorted(set(rows.speaker))
    path.write_text(json.dumps(metrics))


def exchanged(folder: Path) -> None:
    """The predictions of another fold."""
    shutil.copy(folder.parent / "1-0" / "predictions.csv", folder)


def from_other_system(folder: Path) -> None:
    """The predictions of another system under the name of this one."""
    path = folder.parents[1] / "other" / folder.name / "predictions.csv"
    rows = pd.read_csv(path, dtype=str, keep_default_na=False).assign(system="length")
    rows = rows.assign(prediction=rows.truth)
    rows.to_csv(folder / "predictions.csv", index=False)


def as_repeat(folder: Path) -> None:
    """A run that is copied as another repeat."""
    copy = folder.with_name("0-1")
    shutil.copytree(folder, copy)
    edit_rows(lambda rows: rows.assign(repeat="1"))(copy)
    folder.with_name("0-0").touch()


def cut(size: Callable) -> Callable:
    """The file ends early."""

    def edit(folder: Path) -> None:
        path = folder / "predictions.csv"
        content = path.read_bytes()
        path.write_bytes(content[: size(content)])

    return edit


LAST_LINE = lambda content: content[:-1].rindex(b"\n") + 1  # noqa: E731
EDITS = {
    "the last row is missing": edit_rows(lambda rows: rows[:-1]),
    "the file ends after a line": cut(LAST_LINE),
    "the file ends in a number": cut(lambda content: len(content) - 3),
    "the file ends in the middle": cut(lambda content: len(content) // 2),
    "wrong predictions are left out": edit_rows(lambda rows: rows[~wrong_rows(rows)]),
    "wrong predictions are left out, with their scores": both(
        edit_rows(lambda rows: rows[~wrong_rows(rows)]), recomputed
    ),
    "predictions are corrected": edit_rows(
        lambda rows: rows.assign(prediction=rows.truth)
    ),
    "predictions and probabilities are corrected": edit_rows(corrected),
    "truths are changed to predictions": edit_rows(relabelled),
    "truths are changed, with the scores": both(edit_rows(relabelled), recomputed),
    "truths are swapped, with the scores": both(edit_rows(swapped), recomputed),
    "a truth is removed": first("truth", ""),
    "a speaker is renamed": first("speaker", "toy/9"),
    "a speaker is renamed, with the scores": both(
        first("speaker", "toy/9"), recomputed
    ),
    "an utterance is renamed": first("utterance", "toy/new"),
    "a probability above 1": first("p_anger", "1.7"),
    "a negative probability": first("p_anger", "-0.2"),
    "probabilities that do not add up": first("p_fear", "0.111"),
    "a row is doubled under another name": edit_rows(
        lambda rows: pd.concat([rows, rows[:1].assign(utterance="toy/new")])
    ),
    "predictions of another fold": exchanged,
    "predictions of another system": from_other_system,
    "a run copied as another repeat": as_repeat,
    "another fold in config.json": edit_json(
        "config.json", lambda value: value.update(fold="7")
    ),
    "scores of metrics.json are changed": edit_json(
        "metrics.json", lambda value: value["scores"].update(uar=0.99)
    ),
    "the count of metrics.json is changed": edit_json(
        "metrics.json", lambda value: value["utterances"].update(test=99)
    ),
    "the speakers of metrics.json are changed": edit_json(
        "metrics.json", lambda value: value["speakers"].update(test=["toy/9"])
    ),
    "an added condition": edit_rows(
        lambda rows: pd.concat([rows, rows[:2].assign(condition="noise:rain:10")])
    ),
}


def rewrite_json(folder: Path) -> None:
    """The same JSON with other spaces and another order."""
    for path in folder.glob("*.json"):
        value = json.loads(path.read_text())
        if isinstance(value, dict):
            value = dict(reversed(value.items()))
        path.write_text(json.dumps(value))


def as_early_version(folder: Path) -> None:
    """A run without the hash, as earlier versions wrote it."""
    edit_json("config.json", lambda value: value.pop("tested", None))(folder)


LEGAL = {
    "nothing is changed": lambda folder: None,
    "rows in another order": edit_rows(lambda rows: rows[::-1]),
    "JSON with other spaces": rewrite_json,
    "a file of somebody else": lambda folder: (folder / "notes.txt").write_text("x"),
    "a run of an early version": as_early_version,
    "quotes around each cell": lambda folder: pd.read_csv(
        folder / "predictions.csv", dtype=str, keep_default_na=False
    ).to_csv(folder / "predictions.csv", index=False, quoting=1),
}


def environment(key: str, value: str) -> Callable:
    """One run in another environment; returns what the report must name."""

    def change(folder: Path) -> str:
        edit_json("environment.json", lambda found: found.update({key: value}))(folder)
        return value

    return change


ENVIRONMENTS = {
    "another version of Keras": environment("keras", "3.99.1"),
    "another backend": environment("backend", "jax"),
    "another device": environment("device", "4 × NVIDIA H100"),
    "another commit": environment("commit", "0123abcd"),
}
