"""The texts that describe a search: one line per trial, and a docstring."""

import textwrap
from collections.abc import Iterable
from pathlib import Path

from keras_ser.tuning.study import Search
from keras_ser.tuning.trials import Outcome

WIDTH = 84


def trial_line(outcome: Outcome, count: int) -> str:
    """One trial in one line: `trial 3 of 20: UAR 61.2%, auxiliary 0.2, …`."""
    score = "diverged" if outcome.diverged else f"UAR {outcome.uar:.1%}"
    values = [
        f"{path.rpartition('.')[2]} {value}" for path, value in outcome.values.items()
    ]
    settings = ", ".join(values) if outcome.number else "the unchanged settings"
    settings += "; as in an earlier trial" if outcome.again else ""
    return f"trial {outcome.number} of {count}: {score}; {settings}"


def config_docstring(
    search: Search,
    outcomes: Iterable[Outcome],
    found: Outcome,
    path: str | Path,
    source: str,
    command: str,
) -> str:
    """What was searched for, how and among whom, and what was found.

    Args:
        search: The search.
        outcomes: Outcomes of all trials.
        found: The best of them.
        path: Path of the config with the best settings.
        source: Path of the config that the search started from, or an empty string.
        command: Command line of the search, or an empty string.
    """
    outcomes = list(outcomes)
    space = {path: str(each) for path, each in search.space.items()}
    folds = ",".join(search.search_speakers.testable)
    paragraphs = [
        f"Settings of `{search.system}` that a search found for experiment "
        f"`{search.config.name}`, {_place(search)}.",
        f"Source: {source}" if source else "",
        _method(search, outcomes),
        _indented("Space:", space),
        _best(outcomes, found),
        _indented("Values:", found.values) if found.number else "",
        "This score is the best of several, measured on few speakers, and therefore "
        "too high. It is not a result. Results come from `run`, which tests other "
        "speakers. Those may say the same sentences as the speakers below, as all "
        "speakers of EMO-DB do.",
        _speakers(search),
        f"Command: {command}" if command else "",
        f"Run: keras-ser run {path} --folds {folds}",
    ]
    return "\n\n".join(_fill(text) for text in paragraphs if text)


def _place(search: Search) -> str:
    used = search.search_speakers
    if used.name == "speakers":
        return f"among {len(used.speakers)} speakers who are never tested"
    return f"inside fold `{used.name}`"


def _method(search: Search, outcomes: list[Outcome]) -> str:
    folds = len(search.search_speakers.folds)
    diverged = sum(each.diverged for each in outcomes)
    again = sum(each.again for each in outcomes)
    return (
        f"Search: {len(outcomes) - 1} trials that the {search.oracle} oracle of "
        f"KerasTuner proposed with seed {search.seed}, and trial 0, which has the "
        "unchanged settings"
        + (f"; {diverged} diverged" if diverged else "")
        + (f"; {again} had the settings of an earlier one" if again else "")
        + f". A trial is {folds} {'training' if folds == 1 else 'trainings'} with the "
        "same seeds as in all other trials. Its score is the pooled unweighted average "
        "recall (UAR) of speakers who neither trained the model nor selected the "
        "epoch. All trials are in trials.csv next to this file."
    )


def _best(outcomes: list[Outcome], found: Outcome) -> str:
    (unchanged,) = [each for each in outcomes if each.number == 0]
    if found.number == 0:
        return f"Best: trial 0, the unchanged settings, UAR {unchanged.uar:.1%}."
    score = "diverged" if unchanged.diverged else f"had {unchanged.uar:.1%}"
    return (
        f"Best: trial {found.number}, UAR {found.uar:.1%}; the unchanged settings "
        f"{score}."
    )


def _speakers(search: Search) -> str:
    speakers = search.search_speakers.speakers
    corpora = search.config.unlabelled_corpora
    text = (
        f"Search speakers ({len(speakers)}), whom `run` does not test with these "
        f"settings: {', '.join(speakers)}."
    )
    if corpora:
        names = ", ".join(corpora)
        text += f" The search also used the unlabelled speech of {names}."
    return text


def _indented(title: str, values: dict) -> str:
    return "\n".join([title, *(f"    {path}: {each}" for path, each in values.items())])


def _fill(text: str) -> str:
    """Breaks long lines; lists and commands are left as they are."""
    if "\n" in text or text.startswith(("Source: ", "Command: ", "Run: ")):
        return text
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)
