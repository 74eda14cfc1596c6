"""Finished runs of networks, with the speech that they were tested on."""

import dataclasses
import json
import warnings
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from keras_ser.corpora import read as read_corpus
from keras_ser.experiments import inputs
from keras_ser.protocols.fold import fingerprint
from keras_ser.reports.reading import Run

FIELDS = dataclasses.fields(Run)


@dataclasses.dataclass(frozen=True)
class RunWithSpeech(Run):
    """A complete run, with the speech that it was tested on.

    Args:
        table: Utterances that it was tested on.
    """

    table: pd.DataFrame


def network_runs(found: list[Run]) -> list[Run]:
    """The runs that have a model. A warning names the systems of the others.

    Raises:
        FileNotFoundError: If no run has a model.
    """
    networks = [run for run in found if (run.folder / "model.keras").exists()]
    without = {run.system for run in found} - {run.system for run in networks}
    if not networks:
        raise FileNotFoundError(
            f"Expected runs of networks. Received: {', '.join(sorted(without))}, which "
            "saved no model. Give the folders of other runs."
        )
    if without:
        warnings.warn(
            f"Systems without a network are left out: {', '.join(sorted(without))}.",
            stacklevel=3,
        )
    return networks


def with_test_speech(
    found: list[Run], corpora: Mapping[str, str | Path], cache: str | Path
) -> list[RunWithSpeech]:
    """Adds its test speech to each run. Each corpus is read once.

    Args:
        found: From `network_runs`.
        corpora: The folder of each corpus. Corpora that are not named are read from
            `$KERAS_SER_CORPORA/<name>`.
        cache: Folder of the feature store.

    Raises:
        ValueError: If a corpus is not the one that a run was tested on.
    """
    tables, runs = {}, []
    for run in found:
        config = run.config
        names = config["corpus"]
        names = [names] if isinstance(names, str) else names
        given = config.get("corpus_options", {})
        options = {name: given.get(name, {}) for name in names}
        key = json.dumps([options, config["labels"]])
        if key not in tables:
            tables[key] = _read_corpora(options, config["labels"], corpora, cache)
        table = _select_tested(run, tables[key])
        _check_same_corpus(table, config, run.folder)
        values = {field.name: getattr(run, field.name) for field in FIELDS}
        runs.append(RunWithSpeech(**values, table=table))
    return runs


def _read_corpora(options: Mapping[str, dict], labels, corpora, cache) -> pd.DataFrame:
    """Reads the corpora that `options` names, with the options of their readers."""
    parts = [
        read_corpus(
            name,
            inputs.find_root(name, corpora, cache),
            labels,
            keep_unreadable=True,  # because a run may have left them out
            **own,
        )
        for name, own in options.items()
    ]
    return pd.concat(parts, ignore_index=True)


def _select_tested(run: Run, table: pd.DataFrame) -> pd.DataFrame:
    """The rows of the utterances that a run was tested on."""
    clean = run.predictions["condition"] == "clean"
    names = set(run.predictions["utterance"][clean])
    missing = sorted(names - set(table.utterance))
    if missing:
        raise ValueError(
            f"The corpus must contain all utterances that {run.folder} was tested on. "
            f"Received: a corpus without {len(missing)} of {len(names)}, the first "
            f"{missing[0]!r}. Give the folder of the corpus that the run used."
        )
    return table[table.utterance.isin(names)].reset_index(drop=True)


def _check_same_corpus(table: pd.DataFrame, config: dict, folder: Path) -> None:
    """Rejects different audio or labels under the same names."""
    expected, found = config.get("data", {}).get("test"), fingerprint(table)
    if expected is not None and found != expected:
        raise ValueError(
            f"The corpus must be the one that {folder} was tested on, with fingerprint "
            f"{expected}. Received: fingerprint {found}, so the same names have "
            "different audio, speakers or emotions. Give the folder of the corpus that "
            "the run used."
        )
