"""Finished runs of networks, and the speech that they were tested on, read again."""

import dataclasses
import json
import warnings
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from keras_ser import corpora
from keras_ser.experiments import inputs
from keras_ser.protocols.fold import fingerprint
from keras_ser.utils import files

NAMES = ("experiment", "system", "fold", "repeat")  # of a run


@dataclasses.dataclass(frozen=True)
class Run:
    """A finished run, and the speech that it was tested on."""

    folder: Path
    predicted: pd.DataFrame
    table: pd.DataFrame

    @property
    def names(self) -> list[str]:
        """Its experiment, system, fold and repeat."""
        return [str(self.predicted[name].iloc[0]) for name in NAMES]


def of_networks(found: list[tuple]) -> list[tuple[Path, pd.DataFrame]]:
    """Runs that have a model; a warning names the others."""
    having = [
        (folder, t) for _, folder, t in found if (folder / "model.keras").exists()
    ]
    without = {key[1] for key, folder, _ in found} - {t.system[0] for _, t in having}
    if not having:
        raise FileNotFoundError(
            "Expected runs of networks. Received: "
            f"{', '.join(sorted(without))}, which saved no model. Give others."
        )
    if without:
        warnings.warn(
            f"Systems without a network are left out: {', '.join(sorted(without))}.",
            stacklevel=3,
        )
    return having


def runs_on(found: list, roots: Mapping[str, str], cache) -> list[Run]:
    """Runs of networks with their test speech; each corpus is read once.

    Args:
        found: from `of_networks`.
        roots: corpus name to folder; for others `$KERAS_SER_CORPORA/<name>`.
        cache: folder of the feature store.

    Raises:
        ValueError: a corpus is not the one that a run was tested on.
    """
    read, runs = {}, []
    for folder, predicted in found:
        config = files.read_object(folder / "config.json")
        names = config["corpus"]
        names = [names] if isinstance(names, str) else names
        told = {name: config.get("corpus_options", {}).get(name, {}) for name in names}
        key = json.dumps([told, config["labels"]])
        if key not in read:
            read[key] = _corpora(told, config["labels"], roots, cache)
        table = _rows_of(predicted, read[key], folder)
        _refuse_other(table, config, folder)
        runs.append(Run(folder, predicted, table))
    return runs


def _corpora(told: Mapping[str, dict], labels, roots, cache) -> pd.DataFrame:
    parts = [
        corpora.read(
            name,
            inputs.find_root(name, roots, cache),
            labels,
            keep_unreadable=True,  # a run may have gone on without
            **options,
        )
        for name, options in told.items()
    ]
    return pd.concat(parts, ignore_index=True)


def _rows_of(predicted: pd.DataFrame, table: pd.DataFrame, folder) -> pd.DataFrame:
    """The rows of the utterances that a run was tested on."""
    names = set(predicted["utterance"][predicted["condition"] == "clean"])
    absent = sorted(names - set(table.utterance))
    if absent:
        raise ValueError(
            f"The corpus must hold the utterances that {folder} was tested on. "
            f"Received: it without {len(absent)} of {len(names)}, the first "
            f"{absent[0]!r}. Give the folder that the run was made with."
        )
    return table[table.utterance.isin(names)].reset_index(drop=True)


def _refuse_other(table: pd.DataFrame, config: dict, folder) -> None:
    """Refuses other audio or labels under the same names."""
    expected, found = config.get("data", {}).get("test"), fingerprint(table)
    if expected is not None and found != expected:
        raise ValueError(
            f"The corpus must be the one that {folder} was tested on, of fingerprint "
            f"{expected}. Received: {found}: other audio, speakers or emotions under "
            "the same names. Give the folder that the run was made with."
        )
