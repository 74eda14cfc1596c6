"""What a corpus holds, and what is wrong with it: counts, durations, levels, copies."""

import dataclasses
import textwrap

import numpy as np
import pandas as pd

from keras_ser.corpora import measure, registry
from keras_ser.corpora import table as tables

QUIET, SILENT = 0.01, 0.001  # peaks: -40 and -60 dBFS
WIDTH = 80
LISTED = 30  # speakers, at most, that have a row each
NAMES = 12  # of utterances, listed in the text; all are in the fields


@dataclasses.dataclass(frozen=True)
class Survey:
    """What `survey_corpus` found; plain values, so that `dataclasses.asdict` is JSON.

    Args:
        corpus: name, title, language, licence, citation, release and note.
        utterances, speakers, minutes: of all readable speech.
        labelled: utterances and minutes that have an emotion.
        emotions: utterances, minutes and published utterances (None where not
            published) of each; `""` is unlabelled speech.
        people: speaker, gender, utterances, minutes of each, and the emotions that
            it lacks.
        seconds: shortest, median, 95th percentile and longest utterance.
        formats: Hz, channels, subtype and how many utterances have them.
        level: dBFS of speech, 5th percentile, median and 95th of the utterances.
        silence: median seconds before and after speech.
        clipped, quiet, silent, not_finite: utterances with samples in a row at full
            scale, with a peak below -40 and below -60 dBFS, and with NaN or infinity.
        copies: groups of utterances that are the same audio.
        unreadable: what is wrong, by file.
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
        """Raises ValueError if there are files that cannot be read."""
        if self.unreadable:
            raise ValueError(
                f"Corpus `{self.corpus['name']}` has {len(self.unreadable)} files that "
                "cannot be read, listed above. Replace them, or move them elsewhere."
            )

    def text(self) -> str:
        """The survey in 80 columns."""
        parts = (_about, _emotions, _people, _audio, _faults)
        return "\n\n".join(part(self) for part in parts)


def survey_corpus(name: str, root, workers: int = 1, **options) -> Survey:
    """Reads a corpus, measures all its files and surveys it.

    Files that cannot be read are told in `unreadable` and count nowhere else.

    Args:
        name: a key of `CORPORA`.
        root: the corpus's folder.
        workers: threads that read.
        options: of the corpus's reader.

    Raises:
        ValueError, FileNotFoundError: as `corpora.read`; a single file that is no
            audio is no reason, as long as another one is.
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
    """Sums up a table and the measures of its samples.

    Args:
        table: a table.
        measured: from `measure.measure(table)`.
        known: what is published of the corpus.
        unreadable: what is wrong, by file, with files that are not in the table.
    """
    bad = measured.error != ""
    errors = dict(zip(table.file[bad], measured.error[bad], strict=True))
    about = _describe(table, known)
    table, measured = table[~bad], measured[~bad]
    table = table.assign(minutes=measured.seconds / 60)
    spoken = table[table.emotion != ""]
    seconds, level = measured.seconds, measured.level[np.isfinite(measured.level)]
    peak = measured.peak
    flagged = {
        "clipped": measured.clipped.astype(bool),
        "quiet": (peak < QUIET) & (peak >= SILENT),
        "silent": peak < SILENT,
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
        seconds=_spread(seconds, {"min": 0, "median": 50, "95 %": 95, "max": 100}),
        formats=_count_formats(measured),
        level=_spread(level, {"5 %": 5, "median": 50, "95 %": 95}),
        silence={
            "before": _value(measured.lead.median()),
            "after": _value(measured.trail.median()),
        },
        copies=[list(group.utterance) for group in tables.copies(table)],
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


def _describe(table, known) -> dict[str, str]:
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


def _spread(values, percentiles) -> dict[str, float | None]:
    if len(values) == 0:
        return dict.fromkeys(percentiles)
    return {
        name: _value(np.percentile(values, percent))
        for name, percent in percentiles.items()
    }


def _value(number) -> float | None:
    return float(number) if np.isfinite(number) else None


def _about(told: Survey) -> str:
    known = told.corpus
    lines = [known.get("title", known["name"])]
    labels = ("release", "language", "licence", "citation", "note")
    lines += [_line(label, known[label]) for label in labels if known.get(label)]
    return "\n".join(lines)


def _emotions(told: Survey) -> str:
    labelled = told.labelled
    share = f"{labelled['utterances']} ({labelled['minutes']:.1f} minutes)"
    known = {0: "none", told.utterances: "all"}.get(labelled["utterances"], share)
    lines = [
        f"{told.utterances} utterances of {told.speakers} speakers, "
        f"{told.minutes:.1f} minutes; labelled: {known}"
    ]
    lines += _columns(
        ("emotion", "utterances", "minutes", "published"),
        [
            (
                emotion or "unlabelled",
                str(row["utterances"]),
                f"{row['minutes']:.1f}",
                _published(row),
            )
            for emotion, row in told.emotions.items()
        ],
    )
    return "\n".join(lines)


def _published(row: dict) -> str:
    if row["published"] is None:
        return "-"
    differs = row["published"] != row["utterances"]
    return f"{row['published']}{' (deviates)' if differs else ''}"


def _people(told: Survey) -> str:
    counts = sorted({person["utterances"] for person in told.people} or {0})
    each = f"{counts[0]} to {counts[-1]}" if len(counts) > 1 else counts[0]
    genders = pd.Series([p["gender"] or "unknown" for p in told.people], dtype=object)
    counted = ", ".join(f"{n} {g}" for g, n in sorted(genders.value_counts().items()))
    lacking = [person for person in told.people if person["lacks"]]
    lines = [f"{told.speakers} speakers ({counted}), {each} utterances each"]
    if len(told.people) <= LISTED:
        rows = [
            (p["speaker"], p["gender"], str(p["utterances"]), f"{p['minutes']:.1f}")
            for p in told.people
        ]
        lines += _columns(("speaker", "gender", "utterances", "minutes"), rows)
    named = (f"{p['speaker']} ({', '.join(p['lacks'])})" for p in lacking)
    lines.append(_line("lack a class", _some(list(named), "; ")))
    return "\n".join(lines)


def _audio(told: Survey) -> str:
    formats = (
        f"{f['rate']} Hz, {f['channels']} channel{'s' * (f['channels'] > 1)}, "
        f"{f['subtype']}: {f['utterances']}"
        for f in told.formats
    )
    seconds = ", ".join(f"{k} {_number(v, '.2f')}" for k, v in told.seconds.items())
    level = ", ".join(f"{k} {_number(v, '.1f')}" for k, v in told.level.items())
    before, after = (_number(told.silence[k], ".2f") for k in ("before", "after"))
    return "\n".join(
        [
            _line("format", "; ".join(formats) or "none"),
            _line("seconds", seconds),
            _line("speech, dBFS", level),
            _line("silence", f"{before} s before speech, {after} s after (medians)"),
        ]
    )


def _faults(told: Survey) -> str:
    share = f" ({100 * len(told.clipped) / max(told.utterances, 1):.1f} %)"
    run = f"{measure.RUN} or more samples in a row at {measure.FULL} of full scale"
    faults = {
        "clipped": (told.clipped, f"{share}, {run}"),
        "quiet": (told.quiet, ", peak below -40 dBFS"),
        "silent": (told.silent, ", peak below -60 dBFS"),
        "not finite": (told.not_finite, ", NaN or infinity"),
        "same audio": ([" = ".join(group) for group in told.copies], ""),
    }
    lines = [
        _line(label, f"{len(names)}{what}: {_some(names)}" if names else "none")
        for label, (names, what) in faults.items()
    ]
    errors = [_line("", text) for text in told.unreadable.values()]
    return "\n".join([*lines, _line("unreadable", str(len(errors) or "none")), *errors])


def _columns(header, rows) -> list[str]:
    """Aligned columns, the first two to the left where they are words."""
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
        WIDTH,
        initial_indent="  ",
        subsequent_indent=" " * 16 if label else "      ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _some(names: list[str], separator: str = ", ") -> str:
    more = len(names) - NAMES
    rest = f"{separator}and {more} more (--json has all)" if more > 0 else ""
    return f"{separator.join(names[:NAMES]) or 'none'}{rest}"


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
