"""Where the paths of a folder of audio may say the emotion and the speaker.

A guess is a short pattern and what it finds. Nothing is decided here: whoever is the
speaker decides what a figure means, so a user chooses where several places fit.
"""

import collections
import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from keras_ser.corpora.own import patterns, vocabulary

MIN_KNOWN = 0.8  # of the files whose labels mean an emotion
MAX_ABSENT = 0.1  # of the files in whose paths a pattern finds nothing
MAX_SPEAKERS = 0.5  # per file
MIN_CROSSED = 0.8  # of the speakers who have several emotions
# Words that corpora put in front of a speaker's number.
TITLES = ("actor", "speaker", "spk", "subject", "subj", "participant", "person")
PARTS = frozenset("train training dev devel val valid validation eval test".split())


def _places() -> dict[str, str]:
    """The patterns that are tried, and the place in a path where each one looks."""
    places = {
        r"^([^/]+)/": "the first folder",
        r"^[^/]+/([^/]+)/": "the second folder",
        r"([^/]+)/[^/]+$": "the folder of the file",
    }
    for sign in "_- ":
        part = f"([^/{sign}]+)"
        places |= {
            f"{part}{sign}[^/]*$": f"the name, before the first {sign!r}",
            f"{sign}([^/.{sign}]+)\\.\\w+$": f"the name, after the last {sign!r}",
            f"{sign}{part}{sign}[^/]*$": f"the name, after the first {sign!r}",
            f"{sign}{part}{sign}[^/{sign}]+$": f"the name, before the last {sign!r}",
        }
    for sign in "_-":
        places |= {
            f"^([^/{sign}]+){sign}[^/]*/": f"the first folder, before {sign!r}",
            f"{sign}([^/{sign}]+)/[^/]+$": f"the folder, after the last {sign!r}",
        }
    return places | {
        r"(\d+)[^/]*\.": "the first number in the name",
        r"([A-Za-z]+)[^/]*\.": "the first letters of the name",
        r"(\d+)\.\w+$": "the number at the end of the name",
        r"([A-Za-z]+)\.\w+$": "the letters at the end of the name",
        r"([A-Za-z]+)\d+\.\w+$": "the letters before the last number",
        r"\d([A-Za-z])[^/]*\.": "the letter after the first number",
        r"([A-Za-z])\w\.\w+$": "the last letter but one",
    }


PLACES = _places()


@dataclasses.dataclass(frozen=True)
class Guess:
    """A place in paths, and what is found there.

    Args:
        pattern: The pattern whose group finds it, for the options of `folder`.
        place: The place in words.
        counts: The number of files of each value, by value.
        absent: The number of files in whose paths it finds nothing.
        unknown: Those values that are labels of no known emotion.
        crossed: The fraction of the values that come with several emotions. The values
            of a speaker usually do; NaN if no emotions are known.
    """

    pattern: str
    place: str
    counts: dict[str, int]
    absent: int = 0
    unknown: tuple[str, ...] = ()
    crossed: float = np.nan


def guess_emotion(
    paths: Sequence[str], own: Mapping[str, str] | None = None
) -> list[Guess]:
    """Finds the places in paths where labels of emotions seem to be.

    A place fits if at least `MIN_KNOWN` of the files have a label there whose emotion
    is known, and if there are two emotions.

    Args:
        paths: Paths of audio files below the folder of a corpus, with slashes.
        own: The user's mapping from labels to emotions.

    Returns:
        The guesses, those with the fewest unknown labels and most emotions first.
    """
    found = []
    for guess, _ in _values(paths):
        own = own or {}
        labels = {
            each: each if each in own else vocabulary.without_number(each)
            for each in guess.counts
        }
        known, unknown = vocabulary.map_labels(labels.values(), own)
        emotions = {known[label] for label in labels.values()} - {None, ""}
        strange = tuple(each for each in labels if labels[each] in unknown)
        missing = sum(guess.counts[each] for each in strange) + guess.absent
        if 1 - missing / len(paths) >= MIN_KNOWN and len(emotions) > 1:
            rank = (len(strange) + guess.absent, -len(emotions))
            found.append((rank, dataclasses.replace(guess, unknown=strange)))
    return [guess for _, guess in sorted(found, key=lambda each: each[0])]


def guess_speaker(paths: Sequence[str], labels: Sequence[str]) -> list[Guess]:
    """Finds the places in paths where the name of a speaker may be.

    A place fits if it has several values, but fewer than half as many as there are
    files, and if they are neither the emotions nor the parts of a split. Sentences,
    takes and dialogs are such places, too, and no rule can tell them from speakers.

    Args:
        paths: As for `guess_emotion`.
        labels: The label of each file, or the same text for all if none is known.

    Returns:
        The guesses. Values that are called like `Actor_01` come first, then those that
        come with several emotions, then folders, and parts of names from left to right.
    """
    found, divisions = [], {_division(labels)}
    several = len(set(labels)) > 1
    for guess, values in _values(paths):
        division = _division(values)
        if division in divisions:  # only the first place of those that divide alike
            continue
        divisions.add(division)
        names = {each.casefold() for each in guess.counts}
        if len(names) > MAX_SPEAKERS * len(paths) or names <= PARTS:
            continue
        crossed = np.nan
        if several:
            by_value = (
                pd.Series(labels).groupby(values).nunique().drop("", errors="ignore")
            )
            crossed = float((by_value > 1).mean())
        rank = (not _has_title(guess, paths[0]), crossed < MIN_CROSSED)
        found.append((rank, dataclasses.replace(guess, crossed=crossed)))
    return [guess for _, guess in sorted(found, key=lambda each: each[0])]


def find_labels(paths: Iterable[str], guess: Guess) -> list[str]:
    """The values that a guess finds in paths, empty where it finds nothing."""
    pattern, _ = patterns.compile_pattern(guess.pattern)
    return [patterns.find(pattern, path) for path in paths] if pattern else []


def _values(paths: Sequence[str]) -> Iterator[tuple[Guess, list[str]]]:
    """Each place that has two or more values, and the value of each path."""
    for text, place in PLACES.items():
        values = find_labels(paths, Guess(text, place, {}))
        counts = collections.Counter(values)
        absent = counts.pop("", 0)
        if absent <= MAX_ABSENT * len(paths) and len(counts) > 1:
            yield Guess(text, place, dict(sorted(counts.items())), absent), values


def _division(values: Sequence[str]) -> tuple[int, ...]:
    """How values divide the files, whatever the values are."""
    return tuple(pd.factorize(np.array(values, object))[0])


def _has_title(guess: Guess, path: str) -> bool:
    """Whether a word such as `Actor` stands in the values or just before one."""
    if all(each.casefold().startswith(TITLES) for each in guess.counts):
        return True
    pattern, _ = patterns.compile_pattern(guess.pattern)
    found = pattern.search(path) if pattern else None
    before = path[: found.start(1)].casefold() if found else ""
    return before.rstrip("_- ").endswith(TITLES)
