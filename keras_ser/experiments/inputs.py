"""The corpora of an experiment: their folders, their tables, and unusable audio."""

import contextlib
import dataclasses
import os
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from keras_ser import corpora
from keras_ser.audio import unusable
from keras_ser.audio.unusable import Unusable
from keras_ser.corpora import copies
from keras_ser.experiments.checks import check_corpora
from keras_ser.experiments.config import Experiment
from keras_ser.experiments.job import Job

CORPORA_VARIABLE = "KERAS_SER_CORPORA"


def read_tables(
    config: Experiment,
    roots: Mapping[str, str | Path],
    cache: str | Path,
    skip_bad: bool = False,
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Reads the labelled and the unlabelled table of an experiment.

    Utterances of labelled corpora that have no emotion join the unlabelled speech. If
    no system trains on unlabelled speech, they are left out. A warning counts them.

    Args:
        config: The experiment.
        roots: The folders of corpora by name. Other corpora are expected in
            `$KERAS_SER_CORPORA/<name>`.
        cache: The folder in which synthetic corpora are generated.
        skip_bad: Whether files that cannot be read stay in the tables, so that
            `extraction.prepare` can list them and `leave_out` can remove them.

    Returns:
        The labelled table, and the unlabelled table or None.

    Raises:
        UnusableAudio: If files have no readable header. It names all of them.
        ValueError: If a corpus has no folder, if `labels` or `corpus_options` do not
            fit the corpora, if no utterance is labelled, or if the same audio has
            different labels, maybe in two corpora.
    """
    check_corpora(config)
    folders = {name: find_root(name, roots, cache) for name in config.needed_corpora}
    labels = config.labels_by_corpus
    parts = [_read(config, name, folders, labels[name]) for name in config.corpora]
    table = pd.concat(parts, ignore_index=True)
    unlabelled = _read_unlabelled(config, folders)
    table, unlabelled = _separate_unlabelled(config, table, unlabelled)
    if not skip_bad:
        found = [
            *unusable.list_unreadable(table),
            *unusable.list_unreadable(unlabelled),
        ]
        unusable.check_none(found, cache)
    table, unlabelled = unusable.mark_unreadable([table, unlabelled])
    copies.check_labels(f"Experiment `{config.name}`", table)
    return table, unlabelled


def read_noise(
    config: Experiment, roots: Mapping[str, str | Path], cache: str | Path
) -> pd.DataFrame | None:
    """Reads the table of the noise that conditions mix in; None if there is none.

    Args:
        config: The experiment.
        roots: The folders of corpora by name.
        cache: The folder in which synthetic corpora are generated.

    Raises:
        UnusableAudio: If files have no readable header.
        ValueError: If the corpus has no folder, or if `corpus_options` name a corpus
            that the experiment does not use.
    """
    check_corpora(config)
    if not config.noise:
        return None
    folders = {config.noise: find_root(config.noise, roots, cache)}
    noise = _read(config, config.noise, folders)
    unusable.check_none(unusable.list_unreadable(noise), cache)
    return noise


def _read_unlabelled(config: Experiment, folders) -> pd.DataFrame | None:
    """Reads the corpora of unlabelled speech, in their order; None if there is none."""
    parts = [_read(config, name, folders) for name in config.unlabelled_corpora]
    return (
        corpora.without_labels(pd.concat(parts, ignore_index=True)) if parts else None
    )


def _read(config: Experiment, name: str, folders, labels="all") -> pd.DataFrame:
    options = config.corpus_options.get(name, {})
    return corpora.read(name, folders[name], labels, keep_unreadable=True, **options)


def _separate_unlabelled(
    config: Experiment, table: pd.DataFrame, unlabelled: pd.DataFrame | None
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Removes rows without emotion, such as `xxx` in IEMOCAP, from a labelled table.

    They join the unlabelled table if a system trains on it.
    """
    missing = table.emotion == ""
    if not missing.any():
        return table, unlabelled
    used = any(system.use_unlabelled for system in config.systems.values())
    if missing.all():
        raise ValueError(
            f"Experiment `{config.name}` needs labelled speech. Received: "
            f"{len(table)} utterances of {', '.join(config.corpora)} without emotion. "
            "Set `unlabelled_corpus` to such a corpus, and `corpus` to another."
        )
    warnings.warn(
        f"{missing.sum()} of {len(table)} utterances of {', '.join(config.corpora)} "
        "have no emotion and are neither tested nor used as labelled training speech. "
        + ("They join the unlabelled speech." if used else "They are left out."),
        stacklevel=3,
    )
    if used:
        parts = [table[missing], *([] if unlabelled is None else [unlabelled])]
        unlabelled = pd.concat(parts, ignore_index=True)
    return table[~missing].reset_index(drop=True), unlabelled


def find_root(corpus: str, roots: Mapping[str, str | Path], cache: str | Path) -> Path:
    """Returns the folder of a corpus.

    Args:
        corpus: The name of the corpus.
        roots: The folders of corpora by name.
        cache: The folder of synthetic corpora.

    Raises:
        ValueError: If neither `roots` nor the environment names a folder.
    """
    if corpus in roots:
        return Path(roots[corpus])
    if corpus.startswith("synthetic"):
        return Path(cache)
    base = os.environ.get(CORPORA_VARIABLE)
    if base:
        return Path(base) / corpus
    raise ValueError(
        f"Corpus `{corpus}` needs a folder. Received: none. Give "
        f"--corpus {corpus}=DIR (in Python: corpora={{{corpus!r}: DIR}}), or set "
        f"${CORPORA_VARIABLE} to the folder that holds {corpus}/."
    )


def leave_out(tables: tuple, bad: list[Unusable]) -> tuple:
    """Returns the tables of `read_tables` without unusable utterances.

    Args:
        tables: The labelled table, and the unlabelled table or None.
        bad: The utterances that cannot be used.

    Raises:
        ValueError: If a table has no utterance left.
    """
    return tuple(t if t is None else _leave_out_of(t, bad) for t in tables)


def _leave_out_of(table: pd.DataFrame, bad: list[Unusable]) -> pd.DataFrame:
    kept = unusable.leave_out(table, bad)
    if kept.empty:
        raise ValueError(
            f"Corpus `{table.corpus.iloc[0]}` needs audio that can be used. Received: "
            f"{len(table)} utterances, none of which can be used. "
            f"The first: {bad[0].file}: {bad[0].reason}"
        )
    return kept


@contextlib.contextmanager
def noting_losses(tables: tuple, kept: tuple) -> Iterator[None]:
    """Adds a note to a `ValueError` of the block that says what the tables have lost.

    Args:
        tables: The tables from `read_tables`.
        kept: The same tables from `leave_out`.
    """
    try:
        yield
    except ValueError as error:
        gone = set(tables[0].speaker) - set(kept[0].speaker)
        error.add_note(
            f"This is without {len(tables[0]) - len(kept[0])} of {len(tables[0])} "
            "utterances, which were skipped because their audio cannot be used"
            + (f"; nothing is left of {', '.join(sorted(gone))}." if gone else ".")
        )
        raise


def with_skipped(
    planned: list[Job], before: list[Job], bad: list[Unusable]
) -> list[Job]:
    """Returns the jobs, each with the list of the unusable utterances that it lacks.

    Args:
        planned: The jobs on the tables of `leave_out`.
        before: The same jobs on all utterances.
        bad: The unusable utterances.
    """
    used = {
        (job.system, job.fold.name): set(pd.concat(job.data.sides().values()).utterance)
        for job in before
    }
    everything = {each.utterance for each in bad}
    return [
        dataclasses.replace(job, skipped=tuple(b for b in bad if b.utterance in those))
        for job in planned
        # The folds of a smaller table may have different names.
        for those in [used.get((job.system, job.fold.name), everything)]
    ]
