"""Surveys of corpora: counts, durations, levels, copies and unusable files."""

import dataclasses
import textwrap
from pathlib import Path

import numpy as np
import pandas as pd

from keras_ser.corpora import copies, measure, registry
from keras_ser.corpora import table as tables

QUIET_PEAK, SILENT_PEAK = 0.01, 0.001  # -40 and -60 dBFS
TEXT_WIDTH = 80  # columns
MAX_SPEAKER_ROWS = 30  # with more speakers, the text has no row per speaker
MAX_NAMES = 12  # utterances that the text lists; the fields hold all of them


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
        parts = (
            _describe_corpus,
            _describe_emotions,
            _describe_people,
            _describe_audio,
            _describe_faults,
        )
        return "\n\n".join(part(self) for part in parts)


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


def _describe_corpus(survey: Survey) -> str:
    known = survey.corpus
    lines = [known.get("title", known["name"])]
    labels = ("release", "language", "licence", "citation", "note")
    lines += [_line(label, known[label]) for label in labels if known.get(label)]
    return "\n".join(lines)


def _describe_emotions(survey: Survey) -> str:
    labelled = survey.labelled
    share = f"{labelled['utterances']} ({labelled['minutes']:.1f} minutes)"
    known = {0: "none", survey.utterances: "all"}.get(labelled["utterances"], share)
    lines = [
        f"{survey.utterances} utterances of {survey.speakers} speakers, "
        f"{survey.minutes:.1f} minutes; labelled: {known}"
    ]
    lines += _align(
        ("emotion", "utterances", "minutes", "published"),
        [
            (
                emotion or "unlabelled",
                str(row["utterances"]),
                f"{row['minutes']:.1f}",
                _published(row),
            )
            for emotion, row in survey.emotions.items()
        ],
    )
    return "\n".join(lines)


def _published(row: dict) -> str:
    if row["published"] is None:
        return "-"
    differs = row["published"] != row["utterances"]
    return f"{row['published']}{' (deviates)' if differs else ''}"


def _describe_people(survey: Survey) -> str:
    counts = sorted({person["utterances"] for person in survey.people} or {0})
    each = f"{counts[0]} to {counts[-1]}" if len(counts) > 1 else counts[0]
    genders = pd.Series([p["gender"] or "unknown" for p in survey.people], dtype=object)
    counted = ", ".join(f"{n} {g}" for g, n in sorted(genders.value_counts().items()))
    lacking = [person for person in survey.people if person["lacks"]]
    lines = [f"{survey.speakers} speakers ({counted}), {each} utterances each"]
    if len(survey.people) <= MAX_SPEAKER_ROWS:
        rows = [
            (p["speaker"], p["gender"], str(p["utterances"]), f"{p['minutes']:.1f}")
            for p in survey.people
        ]
        lines += _align(("speaker", "gender", "utterances", "minutes"), rows)
    named = (f"{p['speaker']} ({', '.join(p['lacks'])})" for p in lacking)
    lines.append(_line("missing class", _join_first(list(named), "; ")))
    return "\n".join(lines)


def _describe_audio(survey: Survey) -> str:
    formats = (
        f"{f['rate']} Hz, {f['channels']} channel{'s' * (f['channels'] > 1)}, "
        f"{f['subtype']}: {f['utterances']}"
        for f in survey.formats
    )
    seconds = ", ".join(f"{k} {_number(v, '.2f')}" for k, v in survey.seconds.items())
    level = ", ".join(f"{k} {_number(v, '.1f')}" for k, v in survey.level.items())
    before, after = (_number(survey.silence[k], ".2f") for k in ("before", "after"))
    return "\n".join(
        [
            _line("format", "; ".join(formats) or "none"),
            _line("seconds", seconds),
            _line("speech, dBFS", level),
            _line("silence", f"{before} s before speech, {after} s after (medians)"),
        ]
    )


def _describe_faults(survey: Survey) -> str:
    share = f" ({100 * len(survey.clipped) / max(survey.utterances, 1):.1f} %)"
    run = (
        f"{measure.MIN_CLIPPED_RUN} or more consecutive samples at "
        f"{measure.FULL_SCALE} of full scale"
    )
    faults = {
        "clipped": (survey.clipped, f"{share}, {run}"),
        "quiet": (survey.quiet, ", peak below -40 dBFS"),
        "silent": (survey.silent, ", peak below -60 dBFS"),
        "not finite": (survey.not_finite, ", NaN or infinity"),
        "same audio": ([" = ".join(group) for group in survey.copies], ""),
    }
    lines = [
        _line(label, f"{len(names)}{what}: {_join_first(names)}" if names else "none")
        for label, (names, what) in faults.items()
    ]
    errors = [_line("", text) for text in survey.unreadable.values()]
    return "\n".join([*lines, _line("unreadable", str(len(errors) or "none")), *errors])


def _align(header, rows) -> list[str]:
    """Aligns the first column and `gender` to the left, all others to the right."""
    grid = [header, *rows]
    widths = [max(len(row[i]) for row in grid) for i in range(len(header))]
    numbers = [i > 0 and header[i] != "gender" for i in range(len(header))]
    return [
        "  "
        + "  ".join(
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(row, widths, numbers, strict=True)
        ).rstrip()
        for row in grid
    ]


def _line(label: str, text: str) -> str:
    return textwrap.fill(
        f"{label:<14}{text}" if label else text,
        TEXT_WIDTH,
        initial_indent="  ",
        subsequent_indent=" " * 16 if label else "      ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _join_first(names: list[str], separator: str = ", ") -> str:
    """Joins the first names, and says how many more there are."""
    more = len(names) - MAX_NAMES
    rest = f"{separator}and {more} more (--json lists all)" if more > 0 else ""
    return f"{separator.join(names[:MAX_NAMES]) or 'none'}{rest}"


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
