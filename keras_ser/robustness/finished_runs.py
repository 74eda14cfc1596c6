"""Finished runs of networks, with the speech that they were tested on."""

import dataclasses
import json
import warnings
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from keras_ser.corpora import labels_by_corpus
from keras_ser.corpora import read as read_corpus
from keras_ser.experiments import inputs
from keras_ser.protocols.clusters import shared_clusters
from keras_ser.protocols.fold import fingerprint
from keras_ser.reports.reading import Run
from keras_ser.utils.lists import as_list

FIELDS = dataclasses.fields(Run)
MAX_ROUNDING = 1e-4  # difference of two numbers that count as equal


@dataclasses.dataclass(frozen=True)
class RunWithSpeech(Run):
    """A complete run, with the speech that it was tested on.

    Args:
        tables: Utterances that it was tested on, by the name of the test table.
    """

    tables: dict[str, pd.DataFrame]


def network_runs(found: list[Run]) -> list[Run]:
    """The runs that have a model. A warning names the systems of the others.

    Classical systems save no model, and archives hold none.

    Raises:
        FileNotFoundError: If no run has a model.
    """
    networks = [run for run in found if (run.folder / "model.keras").exists()]
    without = {run.system for run in found} - {run.system for run in networks}
    if not networks:
        raise FileNotFoundError(
            f"Expected runs of networks. Received: {', '.join(sorted(without))}, "
            "without a model. Give the folders of other runs: classical systems save "
            "no model, and archives hold none."
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
        names = _corpora(config)
        given = config.get("corpus_options", {})
        options = {name: given.get(name, {}) for name in names}
        key = json.dumps([options, config["labels"]])
        if key not in tables:
            tables[key] = _read_corpora(options, config["labels"], corpora, cache)
        tested = _with_clusters(run, _select_tested(run, tables[key]))
        _check_same_corpus(pd.concat(tested.values()), config, run.folder)
        values = {field.name: getattr(run, field.name) for field in FIELDS}
        runs.append(RunWithSpeech(**values, tables=tested))
    return runs


def warn_of_changes(run: Run, clean: pd.DataFrame) -> None:
    """Warns if the clean predictions of a run differ from those that it recorded.

    Args:
        run: The run.
        clean: Its predictions under `clean` now, as text.
    """
    keys = ["test", "head", "utterance"]
    columns = [*keys, "prediction"]
    recorded = run.predictions[run.predictions["condition"] == "clean"][columns]
    both = recorded.merge(clean[columns], on=keys, suffixes=("", "_now"))
    before, now = both["prediction"], both["prediction_now"]
    # Numbers also differ by rounding.
    distance = pd.to_numeric(before, "coerce") - pd.to_numeric(now, "coerce")
    changed = int(((before != now) & ~(distance.abs() < MAX_ROUNDING)).sum())
    if changed:
        warnings.warn(
            f"{changed} of {len(both)} clean predictions of {run.folder} differ from "
            "those in its predictions.csv. The versions of the libraries or the "
            "machine have changed.",
            stacklevel=4,
        )


def _read_corpora(options: Mapping[str, dict], labels, corpora, cache) -> pd.DataFrame:
    """Reads the corpora that `options` names, with the options of their readers."""
    by_corpus = labels_by_corpus(labels, tuple(options))
    parts = [
        read_corpus(
            name,
            inputs.find_root(name, corpora, cache),
            by_corpus[name],
            keep_unreadable=True,  # because a run may have left them out
            **own,
        )
        for name, own in options.items()
    ]
    return pd.concat(parts, ignore_index=True)


def _select_tested(run: Run, table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The rows of the utterances that a run was tested on, by test table."""
    tables = {}
    clean = run.predictions[run.predictions["condition"] == "clean"]
    for test, utterances in clean["utterance"].groupby(clean["test"]):
        names = set(utterances)
        _check_complete(run, names, table)
        tables[test] = table[table.utterance.isin(names)].reset_index(drop=True)
    return tables


def _with_clusters(
    run: Run, tables: dict[str, pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    """The tables with the clusters of the run's own fold as classes, if it has such."""
    record = run.metrics.get("clusters")
    if record is None:
        return tables
    labels = labels_by_corpus(run.config["labels"], _corpora(run.config))
    clusters = shared_clusters(labels)
    if clusters is None:
        raise ValueError(
            f"The metrics.json of {run.folder} records clusters, so that its "
            f"config.json must name them. Received: {str(labels)[:200]}. Copy the "
            "folder of the run again."
        )
    centroids = clusters.centroids_of(record)
    return {
        name: table.assign(emotion=clusters.assign(table, centroids))
        for name, table in tables.items()
    }


def _corpora(config: Mapping) -> tuple[str, ...]:
    """The names of the labelled corpora of a run."""
    return tuple(as_list(config["corpus"]))


def _check_complete(run: Run, names: set[str], table: pd.DataFrame) -> None:
    missing = sorted(names - set(table.utterance))
    if missing:
        raise ValueError(
            f"The corpus must contain all utterances that {run.folder} was tested on. "
            f"Received: a corpus without {len(missing)} of {len(names)}, the first "
            f"{missing[0]!r}. Give the folder of the corpus that the run used."
        )


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
