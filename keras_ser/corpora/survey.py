"""Surveys of corpora: counts, durations, levels, copies and unusable files."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd

from keras_ser.corpora import copies, measure, registry, survey_text
from keras_ser.corpora import table as tables

QUIET_PEAK, SILENT_PEAK = 0.01, 0.001  # -40 and -60 dBFS


@dataclasses.dataclass(frozen=True)
class Survey:
    """The result of `survey_corpus`.

    All values are built-in types, so `dataclasses.asdict` returns JSON-serialisable
    data.

    Args:
        corpus: Name, title, language, licence, citation, release and note.
        utterances, speakers: Number of readable utterances and of their speakers.
        minutes: Total duration of the readable utterances.
        labelled: Number and minutes of the utterances with an emotion.
        emotions: By emotion, the number of utterances, their minutes and the published
            number of utterances (None if not published). `""` is unlabelled speech.
        people: For each speaker, its name, gender, utterances and minutes, and the
            emotions that it lacks.
        seconds: Shortest, median, 95th percentile and longest duration of an utterance.
        formats: Sampling rate in Hz, channels and subtype, with the number of
            utterances that have them.
        level: 5th percentile, median and 95th percentile of the utterances' speech
            levels, in dBFS.
        silence: Median seconds before and after speech.
        clipped: Utterances with consecutive samples at full scale.
        quiet: Utterances whose peak is below -40 dBFS but not below -60 dBFS.
        silent: Utterances whose peak is below -60 dBFS.
        not_finite: Utterances with samples that are NaN or infinite.
        copies: Groups of utterances that are the same audio.
        unreadable: Mapping from file to the reason why it cannot be read.
    """

    corpus: dict[str, str]
    utterances: int
    speakers: int
    minutes: float
    labelled: dict[str, float]
    emotions: dict[str, dict]
    people: list[dict]
    seconds: dict[str, float]
    formats: list[dict]
    level: dict[str, float | None]
    silence: dict[str, float]
    clipped: list[str]
    quiet: list[str]
    silent: list[str]
    not_finite: list[str]
    copies: list[list[str]]
    unreadable: dict[str, str]

    def check_readable(self) -> None:
        """Raises a ValueError if some files cannot be read."""
        if self.unreadable:
            raise ValueError(
                f"Corpus `{self.corpus['name']}` has {len(self.unreadable)} files that "
                "cannot be read. The survey lists them. Replace them, or move them "
                "elsewhere."
            )

    def text(self) -> str:
        """Formats the survey as text of at most 80 columns."""
        return survey_text.describe(self)


def survey_corpus(name: str, root: str | Path, workers: int = 1, **options) -> Survey:
    """Reads a corpus, measures all its files and summarises them.

    Files that cannot be read are listed in `unreadable` and do not count elsewhere.

    Args:
        name: A key of `CORPORA`.
        root: The folder of the corpus, or the list file of a user's own data.
        workers: Number of threads that read files.
        **options: Options of the corpus's reader.

    Raises:
        ValueError, FileNotFoundError: In the same cases as `corpora.read`, except that
            unreadable files are tolerated as long as at least one file is readable.
    """
    table, unreadable = _read(name, root, options)
    measured = measure.measure(table, workers)
    return summarise(table, measured, registry.CORPORA[name], unreadable)


def summarise(
    table: pd.DataFrame,
    measured: pd.DataFrame,
    known: tables.Corpus | None = None,
    unreadable: dict[str, str] | None = None,
) -> Survey:
    """Summarises a table and the measurements of its samples.

    Args:
        table: A table.
        measured: The result of `measure.measure(table)`.
        known: The entry of the corpus in `CORPORA`, if there is one.
        unreadable: Files that are not in the table because they cannot be read, with
            the reasons.
    """
    bad = measured.error != ""
    errors = dict(zip(table.file[bad], measured.error[bad], strict=True))
    about = _corpus_fields(table, known)
    table, measured = table[~bad], measured[~bad]
    table = table.assign(minutes=measured.seconds / 60)
    spoken = table[table.emotion != ""]
    seconds, level = measured.seconds, measured.level[np.isfinite(measured.level)]
    peak = measured.peak
    flagged = {
        "clipped": measured.clipped.astype(bool),
        "quiet": (peak < QUIET_PEAK) & (peak >= SILENT_PEAK),
        "silent": peak < SILENT_PEAK,
        "not_finite": measured.not_finite > 0,
    }
    return Survey(
        corpus=about,
        utterances=len(table),
        speakers=table.speaker.nunique(),
        minutes=float(table.minutes.sum()),
        labelled={"utterances": len(spoken), "minutes": float(spoken.minutes.sum())},
        emotions=_count_emotions(table, known.counts if known else {}),
        people=_count_people(table),
        seconds=_percentiles(seconds, {"min": 0, "median": 50, "95 %": 95, "max": 100}),
        formats=_count_formats(measured),
        level=_percentiles(level, {"5 %": 5, "median": 50, "95 %": 95}),
        silence={
            "before": _finite(measured.lead.median()),
            "after": _finite(measured.trail.median()),
        },
        copies=[list(group.utterance) for group in copies.find_copies(table)],
        unreadable={**(unreadable or {}), **errors},
        **{name: list(table.utterance[rows]) for name, rows in flagged.items()},
    )


def _read(name: str, root, options) -> tuple[pd.DataFrame, dict[str, str]]:
    try:
        return registry.read(name, root, **options), {}
    except tables.UnreadableFiles as error:
        if not error.rows:
            raise
        return tables.from_rows(error.rows), error.errors


def _corpus_fields(table, known) -> dict[str, str]:
    about = {"name": table.corpus.iloc[0]}
    if known:
        fields = ("title", "language", "licence", "citation", "note")
        about |= {field: getattr(known, field) for field in fields}
    return {**about, "release": table.attrs.get("release", "")}


def _count_emotions(table, published) -> dict[str, dict]:
    found = table.groupby("emotion").minutes.agg(["size", "sum"])
    return {
        emotion: {
            "utterances": int(found["size"].get(emotion, 0)),
            "minutes": float(found["sum"].get(emotion, 0.0)),
            "published": published.get(emotion, 0) if published else None,
        }
        for emotion in sorted({*found.index, *published})
    }


def _count_people(table) -> list[dict]:
    classes = set(tables.classes(table))
    return [
        {
            "speaker": speaker,
            "gender": rows.gender.iloc[0],
            "utterances": len(rows),
            "minutes": float(rows.minutes.sum()),
            "lacks": sorted(classes - set(rows.emotion)),
        }
        for speaker, rows in table.groupby("speaker")
    ]


def _count_formats(measured) -> list[dict]:
    counted = measured.groupby(["rate", "channels", "subtype"]).size()
    return [
        {
            "rate": int(rate),
            "channels": int(channels),
            "subtype": subtype,
            "utterances": int(n),
        }
        for (rate, channels, subtype), n in counted.sort_values(ascending=False).items()
    ]


def _percentiles(values, percentiles) -> dict[str, float | None]:
    if len(values) == 0:
        return dict.fromkeys(percentiles)
    return {
        name: _finite(np.percentile(values, percent))
        for name, percent in percentiles.items()
    }


def _finite(number) -> float | None:
    return float(number) if np.isfinite(number) else None
