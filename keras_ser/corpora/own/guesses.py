"""Where the paths of a folder of audio may say the emotion and the speaker.

A guess is a short pattern and what it finds. Nothing is decided here: whoever is the
speaker decides what a figure means, so a user chooses where several places fit.
"""

import collections
import dataclasses
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd

from keras_ser.corpora.own import patterns, vocabulary

MIN_KNOWN = 0.8  # of the files whose labels mean an emotion
MIN_EMOTIONS = 2  # of most speakers
MIN_CROSSED = 0.8  # of the speakers who have several emotions
MIN_FILES = 3  # of the median speaker
MAX_SPEAKERS = 0.25  # per file
# Words that corpora put in front of a speaker's number.
TITLES = ("actor", "speaker", "spk", "subject", "subj", "participant", "person")


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
        r"(\d+)[^/]*$": "the first number in the name",
        r"([A-Za-z]+)[^/]*$": "the first letters of the name",
        r"(\d+)\.\w+$": "the number at the end of the name",
        r"([A-Za-z]+)\.\w+$": "the letters at the end of the name",
        r"([A-Za-z]+)\d+\.\w+$": "the letters before the last number",
        r"\d([A-Za-z])[^/]*$": "the letter after the first number",
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
        unknown: Those values that are labels of no known emotion.
    """

    pattern: str
    place: str
    counts: dict[str, int]
    unknown: tuple[str, ...] = ()


def guess_emotion(paths: Sequence[str]) -> list[Guess]:
    """Finds the places in paths where labels of emotions seem to be.

    A place fits if at least `MIN_KNOWN` of the files have a label there whose emotion
    is known, and if there are two emotions.

    Args:
        paths: Paths of audio files below the folder of a corpus, with slashes.

    Returns:
        The guesses, those with the fewest unknown labels and most emotions first.
    """
    found = []
    for guess, values in _values(paths):
        labels = {each: vocabulary.without_number(each) for each in guess.counts}
        known, unknown = vocabulary.map_labels(labels.values())
        emotions = {known[label] for label in labels.values()} - {None, ""}
        strange = tuple(each for each in labels if labels[each] in unknown)
        share = 1 - sum(guess.counts[each] for each in strange) / len(values)
        if share >= MIN_KNOWN and len(emotions) > 1:
            rank = (len(strange), -len(emotions))
            found.append((rank, dataclasses.replace(guess, unknown=strange)))
    return [guess for _, guess in sorted(found, key=lambda each: each[0])]


def guess_speaker(paths: Sequence[str], labels: Sequence[str]) -> list[Guess]:
    """Finds the places in paths where the name of a speaker may be.

    A place fits if it has several values, each of several files, most of which come
    with several emotions. So do sentences and repetitions, which is why all such places
    are returned.

    Args:
        paths: As for `guess_emotion`.
        labels: The label of each file; the same text for all if there are none.

    Returns:
        The guesses: values that are called like `Actor_01` first, then folders, then
        parts of names from left to right.
    """
    found = []
    several = len(set(labels)) > 1
    divisions = set()
    for guess, values in _values(paths):
        division = tuple(pd.factorize(np.array(values, object))[0])
        if division in divisions:  # the first place of several that divide alike
            continue
        divisions.add(division)
        counts = np.array(list(guess.counts.values()))
        crossed = pd.Series(labels).groupby(values).nunique() >= MIN_EMOTIONS
        if (
            2 <= len(counts) <= MAX_SPEAKERS * len(values)
            and np.median(counts) >= MIN_FILES
            and (not several or crossed.mean() >= MIN_CROSSED)
        ):
            found.append((not _has_title(guess, paths[0]), guess))
    return [guess for _, guess in sorted(found, key=lambda each: each[0])]


def find_labels(paths: Iterable[str], guess: Guess) -> list[str]:
    """The values that a guess finds in paths."""
    pattern, _ = patterns.compile_pattern(guess.pattern)
    return [patterns.find(pattern, path) for path in paths] if pattern else []


def _values(paths: Sequence[str]) -> Iterator[tuple[Guess, list[str]]]:
    """Each place that has two or more values, and the value of each path."""
    for text, place in PLACES.items():
        guess = Guess(text, place, {})
        values = find_labels(paths, guess)
        counts = collections.Counter(values)
        if "" not in counts and len(counts) > 1:
            yield (
                dataclasses.replace(guess, counts=dict(sorted(counts.items()))),
                values,
            )


def _has_title(guess: Guess, path: str) -> bool:
    """Whether a word such as `Actor` stands in the values or just before one."""
    if all(each.casefold().startswith(TITLES) for each in guess.counts):
        return True
    pattern, _ = patterns.compile_pattern(guess.pattern)
    found = pattern.search(path) if pattern else None
    before = path[: found.start(1)].casefold() if found else ""
    return before.rstrip("_- ").endswith(TITLES)
