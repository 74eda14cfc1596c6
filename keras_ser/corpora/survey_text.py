"""The text of a survey, which `keras-ser corpus` prints."""

import textwrap
from typing import TYPE_CHECKING

import pandas as pd

from keras_ser.corpora import measure

if TYPE_CHECKING:
    from keras_ser.corpora.survey import Survey

TEXT_WIDTH = 80  # columns
MAX_SPEAKER_ROWS = 30  # with more speakers, the text has no row per speaker
MAX_NAMES = 12  # utterances that the text lists; the fields hold all of them


def describe(survey: "Survey") -> str:
    """Formats a survey as text of at most 80 columns."""
    parts = (
        _describe_corpus,
        _describe_emotions,
        _describe_people,
        _describe_audio,
        _describe_faults,
    )
    return "\n\n".join(part(survey) for part in parts)


def _describe_corpus(survey: "Survey") -> str:
    known = survey.corpus
    lines = [known.get("title", known["name"])]
    labels = ("release", "language", "licence", "citation", "note")
    lines += [_line(label, known[label]) for label in labels if known.get(label)]
    return "\n".join(lines)


def _describe_emotions(survey: "Survey") -> str:
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


def _describe_people(survey: "Survey") -> str:
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


def _describe_audio(survey: "Survey") -> str:
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


def _describe_faults(survey: "Survey") -> str:
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
