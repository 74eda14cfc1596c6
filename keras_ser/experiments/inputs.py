"""The corpora of an experiment: folders, tables, and what of them can be used."""

import contextlib
import dataclasses
import os
import warnings
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from keras_ser import corpora
from keras_ser.audio import unusable
from keras_ser.audio.unusable import Unusable
from keras_ser.experiments.config import Experiment
from keras_ser.experiments.job import Job

CORPORA_VARIABLE = "KERAS_SER_CORPORA"


def read_tables(
    config: Experiment, roots: Mapping[str, str], cache, skip_bad: bool = False
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """The experiment's labelled and unlabelled table.

    Utterances of labelled corpora that have no emotion join the unlabelled speech,
    or are left out where no system trains on it; a warning counts them.

    Args:
        config: the experiment.
        roots: corpus name to folder; for others `$KERAS_SER_CORPORA/<name>`.
        cache: folder in which the synthetic corpus is generated.
        skip_bad: whether files that cannot be read stay in the tables, for
            `prepare` to list and `without_bad` to leave out.

    Raises:
        UnusableAudio: files without a readable header, all of them.
    """
    places = {name: find_root(name, roots, cache) for name in config.needed}
    parts = [_read(config, name, places, config.labels) for name in config.corpora]
    table = pd.concat(parts, ignore_index=True)
    unlabelled = None
    if config.unlabelled:
        unlabelled = _read(config, config.unlabelled, places).assign(emotion="")
    table, unlabelled = _without_emotion(config, table, unlabelled)
    if not skip_bad:
        found = [*unusable.unread(table), *unusable.unread(unlabelled)]
        unusable.refuse(found, cache)
    return tuple(unusable.parted([table, unlabelled]))


def read_noise(config: Experiment, roots: Mapping[str, str], cache):
    """The table of the noise that conditions mix in; None where none does."""
    if not config.noise:
        return None
    places = {config.noise: find_root(config.noise, roots, cache)}
    noise = _read(config, config.noise, places)
    unusable.refuse(unusable.unread(noise), cache)
    return noise


def _read(config: Experiment, name: str, places, labels="all") -> pd.DataFrame:
    options = config.corpus_options.get(name, {})
    return corpora.read(name, places[name], labels, keep_unreadable=True, **options)


def _without_emotion(
    config: Experiment, table: pd.DataFrame, unlabelled: pd.DataFrame | None
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Parts labelled tables from rows without emotion, IEMOCAP's `xxx` say."""
    rest = table.emotion == ""
    if not rest.any():
        return table, unlabelled
    learns = any(system.unlabelled for system in config.systems.values())
    if rest.all():
        raise ValueError(
            f"Experiment `{config.name}` needs labelled speech. Received: "
            f"{len(table)} utterances of {', '.join(config.corpora)} without emotion. "
            "Name such a corpus as `unlabelled`."
        )
    warnings.warn(
        f"{rest.sum()} of {len(table)} utterances of {', '.join(config.corpora)} have "
        "no emotion and are neither tested nor learned from as labelled speech. They "
        + ("join the unlabelled speech." if learns else "are left out."),
        stacklevel=3,
    )
    if learns:
        parts = [table[rest], *([] if unlabelled is None else [unlabelled])]
        unlabelled = pd.concat(parts, ignore_index=True)
    return table[~rest].reset_index(drop=True), unlabelled


def find_root(corpus: str, roots: Mapping[str, str], cache) -> Path:
    """The folder of a corpus.

    Raises:
        ValueError: neither `roots` nor the environment names it.
    """
    if corpus in roots:
        return Path(roots[corpus])
    if corpus.startswith("synthetic"):
        return Path(cache)
    base = os.environ.get(CORPORA_VARIABLE)
    if base:
        return Path(base) / corpus
    raise ValueError(
        f"Corpus `{corpus}` needs a folder. Received none: give "
        f"--corpus {corpus}=DIR, or set ${CORPORA_VARIABLE} to the folder above it."
    )


def leave_out(tables: tuple, bad: list[Unusable]) -> tuple:
    """The tables of `read_tables` without unusable utterances.

    Raises:
        ValueError: nothing is left of a table.
    """
    return tuple(table if table is None else _left(table, bad) for table in tables)


def _left(table: pd.DataFrame, bad: list[Unusable]) -> pd.DataFrame:
    left = unusable.leave_out(table, bad)
    if left.empty:
        raise ValueError(
            f"Corpus `{table.corpus.iloc[0]}` needs audio that can be used. Received: "
            f"{len(table)} utterances, of which none is left without what cannot be. "
            f"The first: {bad[0].file}: {bad[0].reason}"
        )
    return left


@contextlib.contextmanager
def noting_losses(tables: tuple, left: tuple):
    """Within it, a ValueError gets a note that says what the tables have lost.

    Args:
        tables: from `read_tables`.
        left: from `leave_out`.
    """
    try:
        yield
    except ValueError as error:
        gone = set(tables[0].speaker) - set(left[0].speaker)
        error.add_note(
            f"That is without {len(tables[0]) - len(left[0])} of {len(tables[0])} "
            "utterances, which were skipped as their audio cannot be used"
            + (f"; nothing is left of {', '.join(sorted(gone))}." if gone else ".")
        )
        raise


def with_skipped(
    planned: list[Job], before: list[Job], bad: list[Unusable]
) -> list[Job]:
    """The jobs, each with the list of the unusable utterances that it lacks.

    Args:
        planned: jobs on the tables of `leave_out`.
        before: the same jobs on all utterances.
        bad: the unusable utterances.
    """
    used = {
        (job.system, job.fold.name): set(pd.concat(job.data.sides().values()).utterance)
        for job in before
    }
    everything = {each.utterance for each in bad}
    return [
        dataclasses.replace(job, skipped=tuple(b for b in bad if b.utterance in those))
        for job in planned
        # Groups of another table may have other names.
        for those in [used.get((job.system, job.fold.name), everything)]
    ]
