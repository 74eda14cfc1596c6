"""Folders of finished runs, written without any training, and their reports."""

import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd

CLASSES = ["anger", "neutral", "sadness"]
CONDITIONS = (
    *("clean", "noise:rain:10", "noise:rain:0", "noise:sea:0", "fgsm:0.08"),
    *("bim:0.08", "gain:-20", "gain:10", "codec:mp3", "codec:opus:1"),
)


def predictions(system, fold, repeat=0, rows=12, **columns) -> pd.DataFrame:
    """Predictions for one speaker, which differ by system, fold and repeat."""
    rng = np.random.default_rng([len(system), int(fold), repeat])
    truth = np.array(CLASSES)[rng.integers(0, 3, rows)]
    wrong = np.array(CLASSES)[rng.integers(0, 3, rows)]
    prediction = np.where(rng.random(rows) < 0.6, truth, wrong)
    table = pd.DataFrame(
        {
            "experiment": "toy",
            "system": system,
            "corpus": "emodb",
            "fold": fold,
            "repeat": repeat,
            "test": "test",
            "condition": "clean",
            "utterance": [f"emodb/{fold}/{n}" for n in range(rows)],
            "speaker": f"emodb/{fold}",
            "head": "emotion",
            "truth": np.tile(CLASSES, rows)[:rows],
            "prediction": prediction,
        }
    )
    for name in CLASSES:
        table[f"p_{name}"] = np.where(table["prediction"] == name, 0.8, 0.1)
    return table.assign(**columns)


def grouped(system, fold, speakers, repeat=0, **options) -> pd.DataFrame:
    """Predictions for several speakers, whom one training tests."""
    parts = [predictions(system, name, repeat, **options) for name in speakers]
    return pd.concat(parts, ignore_index=True).assign(fold=fold)


def task(name, kind="classification", scored=True) -> dict:
    """What the config of a run records of a head."""
    return {"name": name, "kind": kind, "scored": scored}


def of_head(table, head, truth, prediction) -> pd.DataFrame:
    """The rows of `table` for another head, without probabilities."""
    others = table.drop(columns=[f"p_{name}" for name in CLASSES])
    return others.assign(head=head, truth=truth, prediction=prediction)


def numbers(table, head="valence", seed=0, slope=0.8) -> pd.DataFrame:
    """The rows of `table` for a head that predicts numbers.

    The truth depends on the utterance alone, the prediction on `seed` and `slope`.
    """
    truth = np.array([hash_of(name) for name in table["utterance"]])
    noise = np.random.default_rng(seed).normal(0, 0.1, len(table))
    texts = [[f"{x:.6g}" for x in each] for each in (truth, slope * truth + noise)]
    return of_head(table, head, *texts)


def hash_of(text: str) -> float:
    """A number in [0, 1) that depends on the text alone."""
    return int.from_bytes(hashlib.blake2b(text.encode()).digest()[:4], "big") / 2**32


def make_config(table: pd.DataFrame, system=None, **changes) -> dict:
    """The config of a run with these predictions.

    Args:
        table: predictions of the run.
        system: keys of its system that are set or changed.
        changes: keys of the config that are set or changed.
    """
    first = table.iloc[0]
    default = {"model": "MTLAug", "arguments": {}, "augment": []}
    return {
        "name": str(first["experiment"]),
        "corpus": "emodb",
        "labels": "three",
        "protocol": "leave_one_speaker_out",
        "protocol_arguments": {},
        "features": {"front_end": "LogMel", "seconds": 7.5, "normalise": "train"},
        "training": {"epochs": 20, "batch": 16, "unlabelled_ratio": 1},
        "unlabelled_corpus": "",
        "systems": {
            str(first["system"]): {
                **default,
                "use_unlabelled": False,
                **(system or {}),
            }
        },
        "fold": str(first["fold"]),
        "repeat": int(first["repeat"]),
        "data": {"test": str(first["fold"])},
        **changes,
    }


def change_config(table: pd.DataFrame, path: str, value, **changes) -> dict:
    """The config of a run with one setting changed, such as `training.epochs`."""
    config = make_config(table, **changes)
    *parents, last = path.split(".")
    node = config
    for name in parents:
        node = node[name]
    node[last] = value
    return config


def write(root: Path, table: pd.DataFrame, config=None, **metrics) -> Path:
    """Writes the folder of a complete run."""
    first = table.iloc[0]
    job = f"{first['fold']}-{first['repeat']}"
    folder = root / first["experiment"] / first["system"] / job
    folder.mkdir(parents=True, exist_ok=True)
    table.to_csv(folder / "predictions.csv", index=False)
    tested = sorted(set(table["speaker"]))
    sides = {"train": ["emodb/90"], "dev": ["emodb/91"], "test": tested}
    content = {"epoch": 3, "selected_by": "dev accuracy", "updates_per_epoch": 17}
    (folder / "metrics.json").write_text(
        json.dumps({**content, "speakers": sides, **metrics})
    )
    (folder / "config.json").write_text(json.dumps(config or make_config(table)))
    pd.DataFrame({"epoch": range(5)}).to_csv(folder / "history.csv", index=False)
    return folder


def probed(column, trained, untrained, reason="", **changes) -> list[dict]:
    """The two rows of a `probes.csv` on a column; a UAR of None is an empty cell."""
    usual = {"test": "test", "classes": 2, "left_out": 0, "train_utterances": 100}
    usual |= {"test_utterances": 12, **changes}
    chance = None if reason else 1 / usual["classes"]
    uars = {"trained": trained, "untrained": untrained}
    return [
        {"column": column, "network": name, **usual, "uar": uar, "chance": chance}
        | {"reason": reason}
        for name, uar in uars.items()
    ]


def write_probes(folder: Path, rows=None, **values) -> None:
    """Writes `probes.csv` and `embeddings.csv` into the folder of a run.

    Args:
        folder: the folder.
        rows: from `probed`; default: rows on the gender.
        values: columns of `embeddings.csv`.
    """
    rows = probed("gender", 0.9, 0.6) if rows is None else rows
    pd.DataFrame(rows).to_csv(folder / "probes.csv", index=False)
    points = np.random.default_rng(0).normal(size=(8, 2))
    table = pd.DataFrame(points, columns=["x", "y"]).assign(
        utterance=range(8), test="test", gender=["female", "male"] * 4, **values
    )
    table.to_csv(folder / "embeddings.csv", index=False)


def report_text(paths, out, formats=("md",), **options) -> str:
    """The Markdown report of runs, which is written to `out`."""
    from keras_ser import reports

    reports.write(paths, out, formats=formats, **options)
    return (Path(out) / "report.md").read_text(encoding="utf-8")


def percent(value: float) -> str:
    """A fraction as reports write it."""
    return f"{100 * value:.1f}"


def table_rows(text: str, caption: str) -> dict[str, list[str]]:
    """The cells of the table under `caption`, by the first cell of each row."""
    title = rf"\*\*{re.escape(caption)}(?:, Δ [^*]*)?\*\*\n\n"
    after = re.split(title, text, maxsplit=1)[1].split("\n\n", 1)[0]
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in after.splitlines()[2:]
    ]
    return {first: others for first, *others in cells}


def predicted(system="baseline", texts=CONDITIONS, wrong=0.3, seed=0, **columns):
    """Predictions under several conditions, as the robustness report takes them.

    There are ten speakers in two folds, with six utterances each. Some predictions
    are wrong, except under `clean`.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for text in texts:
        for number in range(60):
            missed = text != "clean" and rng.random() < wrong
            rows.append(
                {
                    "experiment": "toy",
                    "system": system,
                    "corpus": "emodb",
                    "fold": str(number % 2),
                    "repeat": "0",
                    "test": "test",
                    "condition": text,
                    "utterance": f"emodb/{number}",
                    "speaker": f"emodb/{number % 10}",
                    "head": "emotion",
                    "truth": CLASSES[number % 3],
                    "prediction": CLASSES[(number + missed) % 3],
                }
            )
    return pd.DataFrame(rows).assign(**columns)
