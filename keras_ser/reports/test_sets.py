"""The speech that a run was tested on: a corpus, or one after training on another."""

import pandas as pd

from keras_ser.reports.reading import Paths, Run, collect_settings, read_runs
from keras_ser.reports.run_files import HEAD

CROSS_PROTOCOLS = ("cross_corpus", "cross_language")
ARROW = ">"


def by_test_set(paths: Paths, condition: str = "clean") -> dict[str, pd.DataFrame]:
    """Predictions of the emotion for labelled speech, by test set.

    Args:
        paths: As for `reports.read`.
        condition: The condition of the test speech, such as `clean` or
            `noise:all:10`; see `conditions`.

    Returns:
        The rows of all systems by the title of the test set: `emodb`, or
        `ravdess → emodb` after training on RAVDESS and testing on EMO-DB.

    Raises:
        FileNotFoundError: As `reports.read`.
        ValueError: As `reports.read`.
    """
    runs = read_runs(paths)
    table = add_test_sets(runs, collect_settings(runs))
    emotion = (table["head"] == HEAD) & (table["truth"] != "")
    rows = table[emotion & (table["condition"] == condition)]
    groups = rows.groupby("test_set", sort=True)
    return {format_test_set(test_set): part for test_set, part in groups}


def add_test_sets(runs: list[Run], settings: dict[str, dict]) -> pd.DataFrame:
    """All predictions with a column `test_set`: `emodb`, or `ravdess>emodb`.

    Args:
        runs: From `reading.read_runs`.
        settings: From `reading.collect_settings`.
    """
    tables = []
    for run in runs:
        table = run.predictions
        if base_protocol(settings[run.experiment]) in CROSS_PROTOCOLS:
            test_set = _cross_test_set(run)
        else:
            test_set = table["corpus"]
        tables.append(table.assign(test_set=test_set))
    return pd.concat(tables, ignore_index=True)


def _cross_test_set(run: Run) -> str:
    """`ravdess>emodb` for the fold `ravdess-emodb` that was tested on EMO-DB."""
    tested = "+".join(sorted(set(run.predictions["corpus"])))
    source = run.fold.removesuffix(f"-{tested}")
    return run.fold if source == run.fold else f"{source}{ARROW}{tested}"


def base_protocol(settings: dict) -> str:
    """The protocol that decides what is tested.

    Some protocols, such as `label_fraction`, only change the folds of another one,
    which they name in their arguments.

    Args:
        settings: Settings of one experiment, from `reading.collect_settings`.
    """
    protocol = settings.get("protocol", "")
    arguments = settings.get("protocol_arguments") or {}
    while isinstance(arguments, dict) and "protocol" in arguments:
        protocol, arguments = arguments["protocol"], arguments.get("arguments") or {}
    return protocol


def format_test_set(test_set: str) -> str:
    """A test set as readers see it: `synthetic speech`, `ravdess → emodb`."""
    title = test_set.replace(ARROW, " → ")
    if "synthetic" not in test_set:
        return title
    if test_set == "synthetic":
        return "synthetic speech"
    return f"{title} (synthetic speech)"
