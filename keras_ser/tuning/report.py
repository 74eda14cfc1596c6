"""What a search says of itself: a line a trial, and the docstring of its config."""

import textwrap

from keras_ser.tuning.trials import Outcome

WIDTH = 84


def line(search, outcome: Outcome, count: int) -> str:
    """One trial: `trial 3 of 20: UAR 61.2 %, auxiliary 0.2, …`."""
    score = "diverged" if outcome.diverged else f"UAR {outcome.uar:.1%}"
    values = [
        f"{path.rpartition('.')[2]} {value}" for path, value in outcome.values.items()
    ]
    what = ", ".join(values) if outcome.number else "the settings as they stand"
    return f"trial {outcome.number} of {count}: {score}; {what}"


def docstring(search, outcomes, found: Outcome, path, source, command) -> str:
    """What was searched, how, among whom, and what was found.

    Args:
        search: a `search.Search`.
        outcomes: of all trials.
        found: the best of them.
        path: of the config.
        source: the config that was searched from.
        command: of the search; both may be empty.
    """
    told = [
        f"Settings of `{search.system}` that a search found for experiment "
        f"`{search.config.name}`, {_where(search)}.",
        f"Source: {source}" if source else "",
        _how(search, outcomes),
        _lines("Space:", {path: str(each) for path, each in search.space.items()}),
        _best(outcomes, found),
        _lines("Values:", found.values) if found.number else "",
        "The score is the best of several on few speakers, and too good by that: it "
        "is no result. The results are those of `run` on other speakers. These may "
        "say the same sentences as the speakers below, as all speakers of EMO-DB do.",
        _speakers(search),
        f"Command: {command}" if command else "",
        f"Run: keras-ser run {path} --folds {','.join(search.heard.testable)}",
    ]
    return "\n\n".join(_filled(text) for text in told if text)


def _where(search) -> str:
    if search.heard.name == "speakers":
        return f"among {len(search.heard.speakers)} speakers who are never tested"
    return f"inside fold `{search.heard.name}`"


def _how(search, outcomes) -> str:
    folds = search.heard.folds
    diverged = sum(each.diverged for each in outcomes)
    return (
        f"Search: {len(outcomes) - 1} trials that KerasTuner's {search.oracle} oracle "
        f"proposed with seed {search.seed}, beside trial 0, the settings as they stood"
        + (f"; {diverged} diverged" if diverged else "")
        + f". A trial is {len(folds)} {'training' if len(folds) == 1 else 'trainings'} "
        "with equal seeds; its score is the pooled UAR of speakers on whom it neither "
        "trained nor selected the epoch. All trials are in trials.csv beside this file."
    )


def _best(outcomes, found: Outcome) -> str:
    (own,) = [each for each in outcomes if each.number == 0]
    before = "diverged" if own.diverged else f"had {own.uar:.1%}"
    if found.number == 0:
        return f"Best: trial 0, the settings as they stood, UAR {own.uar:.1%}."
    return (
        f"Best: trial {found.number}, UAR {found.uar:.1%}; the settings as they stood "
        f"{before}."
    )


def _speakers(search) -> str:
    heard = search.heard.speakers
    others = search.config.unlabelled
    return (
        f"Speakers heard ({len(heard)}), whom `run` refuses to test with these "
        f"settings: {', '.join(heard)}."
        + (f" And the unlabelled speech of {others}." if others else "")
    )


def _lines(title: str, values: dict) -> str:
    return "\n".join([title, *(f"    {path}: {each}" for path, each in values.items())])


def _filled(text: str) -> str:
    """Lines of readable length; lists and commands as they are."""
    if "\n" in text or text.startswith(("Source: ", "Command: ", "Run: ")):
        return text
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)
