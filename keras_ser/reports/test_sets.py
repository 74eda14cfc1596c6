"""The speech that a run was tested on: a corpus, or one after training on another.

Where a fold has several test tables, or one of another name than `test`, each table is
a test set of its own, also if both are of one corpus or share utterances. A table that
is called like its corpus is the corpus. The table `in_domain` holds speakers of all
corpora that a training heard others of.
"""

import pandas as pd

from keras_ser.protocols import IN_DOMAIN, corpora_of
from keras_ser.reports.fold_means import mark
from keras_ser.reports.folds import stem
from keras_ser.reports.reading import (
    Paths,
    Run,
    collect_heads,
    collect_settings,
    read_runs,
)
from keras_ser.reports.tasks import Head

CROSS_PROTOCOLS = (
    "cross_corpus",
    "cross_language",
    "held_out_corpora",
    "leave_one_corpus_out",
)
ARROW = ">"
COLON = ":"  # before the name of a test table: `emodb:far`
USUAL_NAME = "test"  # of the only test table of a fold
NAMES = {IN_DOMAIN: "in domain"}  # of test tables, as readers see them


def by_test_set(
    paths: Paths, condition: str = "clean", head: str | None = None
) -> dict[str, pd.DataFrame]:
    """Predictions of one head for labelled speech, by test set.

    Args:
        paths: As for `reports.read`.
        condition: The condition of the test speech, such as `clean` or
            `noise:all:10`; see `conditions`.
        head: The name of the head. Default: the main head of each experiment.

    Returns:
        The rows of all systems by the title of the test set: `emodb`, or
        `ravdess → emodb` after training on RAVDESS and testing on EMO-DB. Where folds
        have several test tables, their name follows: `emodb (far)`. Test speakers of
        the training corpora are `emodb+ravdess (in domain)`.

    Raises:
        FileNotFoundError: As `reports.read`.
        ValueError: As `reports.read`, or if no run predicts the head.
    """
    return group_by_test_set(read_runs(paths), condition, head)


def group_by_test_set(
    runs: list[Run], condition: str = "clean", head: str | None = None
) -> dict[str, pd.DataFrame]:
    """As `by_test_set`, of runs that are read already.

    Args:
        runs: From `reading.read_runs`.
        condition: As for `by_test_set`.
        head: As for `by_test_set`.

    Raises:
        ValueError: If no run predicts the head.
    """
    table, heads = add_test_sets(runs, collect_settings(runs)), collect_heads(runs)
    rows = _rows_of_head(table, heads, head)
    rows = rows[(rows["truth"] != "") & (rows["condition"] == condition)]
    groups = rows.groupby("test_set", sort=True)
    return {format_test_set(test_set): part for test_set, part in groups}


def _rows_of_head(
    table: pd.DataFrame, heads: dict[str, tuple[Head, ...]], head: str | None
) -> pd.DataFrame:
    names = sorted({each.name for own in heads.values() for each in own})
    if head is not None and head not in names:
        raise ValueError(
            f"`head` must be one of the heads that the runs predict, {names}. "
            f"Received: {head!r}. Name one of these."
        )
    return main_rows(table, heads) if head is None else table[table["head"] == head]


def main_rows(table: pd.DataFrame, heads: dict[str, tuple[Head, ...]]) -> pd.DataFrame:
    """The predictions of the main head of each experiment.

    Args:
        table: Predictions of all heads.
        heads: From `reading.collect_heads`.
    """
    mains = {experiment: own[0].name for experiment, own in heads.items()}
    return table[table["head"] == table["experiment"].map(mains)]


def add_test_sets(runs: list[Run], settings: dict[str, dict]) -> pd.DataFrame:
    """All predictions with a column `test_set`: `emodb`, or `ravdess>emodb`.

    Where classes differ from fold to fold, a further column says so; see
    `fold_means.mark`.

    Args:
        runs: From `reading.read_runs`.
        settings: From `reading.collect_settings`.
    """
    tables = []
    for run in runs:
        table = run.predictions
        if base_protocol(settings[run.experiment]) in CROSS_PROTOCOLS:
            test_set = _cross_test_sets(run)
        else:
            test_set = table["corpus"]
        tables.append(table.assign(test_set=test_set))
    table = pd.concat(tables, ignore_index=True)
    table = table.assign(test_set=add_table_names(table, table["test_set"]))
    return mark(table, runs)


def add_table_names(table: pd.DataFrame, test_sets: pd.Series) -> pd.Series:
    """Adds the name of the test table to test sets, where an experiment has several.

    A table that is called like its corpus needs no further name.

    Args:
        table: Predictions with the columns `experiment`, `test` and `corpus`.
        test_sets: The test set of each of them: its corpus, or `ravdess>emodb`.
    """
    is_usual = table["test"] == USUAL_NAME
    is_only = is_usual.groupby(table["experiment"]).transform("all")
    is_named = is_only | (table["test"] == table["corpus"])
    return test_sets.where(is_named, test_sets + COLON + table["test"])


def _cross_test_sets(run: Run) -> pd.Series:
    """`ravdess>emodb` for the fold `ravdess-emodb` that was tested on EMO-DB.

    The name of the fold says on what it was trained, if it ends with what one of its
    test tables holds, or all of them; a number may follow. The test set of the table
    `in_domain` is what it was trained on.
    """
    rows = run.predictions
    others = rows[rows["test"] != IN_DOMAIN]
    tested = {name: corpora_of(part) for name, part in others.groupby("test")}
    ends = [f"-{corpora}" for corpora in (*tested.values(), corpora_of(others))]
    folds = run.fold, stem(run.fold)
    sources = [
        fold.removesuffix(end) for fold in folds for end in ends if fold.endswith(end)
    ]
    if not sources:
        return pd.Series(run.fold, index=rows.index)
    source = min(sources, key=len)
    titles = {name: f"{source}{ARROW}{corpora}" for name, corpora in tested.items()}
    return rows["test"].map({**titles, IN_DOMAIN: source})


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
    """A test set as readers see it.

    Such as `synthetic speech`, `ravdess → emodb (far)` or `emodb+ravdess (in domain)`.
    """
    corpora, colon, name = test_set.partition(COLON)
    title = corpora.replace(ARROW, " → ")
    if corpora == "synthetic":
        title = "synthetic speech"
    elif "synthetic" in corpora:
        title = f"{title} (synthetic speech)"
    return f"{title} ({NAMES.get(name, name)})" if colon else title
