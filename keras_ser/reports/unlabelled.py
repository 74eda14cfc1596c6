"""The unlabelled speech of a system, as `metrics.json` of its runs counts it."""

from collections.abc import Iterable

from keras_ser.reports.reading import Run
from keras_ser.reports.run_files import invalid_file
from keras_ser.reports.text import count_range, sort_names

KEY = "unlabelled"  # of metrics.json
NOUNS = ("utterance", "speaker")


def count_unlabelled(runs: Iterable[Run], system: str) -> list[str]:
    """The corpora of a system's unlabelled speech with their utterances and speakers.

    Args:
        runs: Runs of one experiment.
        system: Name of the system.

    Returns:
        Such as `["ravdess (1440 utterances of 24 speakers)"]`. The counts are a range
        where the folds differ. The list is empty if the runs do not record them, which
        they do for several corpora or a limited number of speakers.
    """
    found = [_read(run) for run in runs if run.system == system]
    names = sort_names({name for counts in found for name in counts})
    return [
        f"{name} ({_range(found, name, 'utterance')} of "
        f"{_range(found, name, 'speaker')})"
        for name in names
    ]


def _range(found: list[dict], name: str, noun: str) -> str:
    return count_range([each.get(name, {}).get(f"{noun}s", 0) for each in found], noun)


def _read(run: Run) -> dict[str, dict[str, int]]:
    """The counts of one run by corpus."""
    counts = run.metrics.get(KEY, {})
    if not isinstance(counts, dict) or not all(map(_is_count, counts.values())):
        expected = f"an object from corpus to counts as `{KEY}`"
        raise invalid_file(run.folder / "metrics.json", expected, counts)
    return counts


def _is_count(value) -> bool:
    return isinstance(value, dict) and all(
        type(value.get(f"{noun}s")) is int for noun in NOUNS
    )
