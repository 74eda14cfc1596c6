"""How values are written in reports, and how names are sorted."""

import functools
import re
from collections.abc import Callable, Iterable

import pandas as pd

NO_VALUE = "–"  # what a cell without a value holds
PRIMARY = "primary"  # what the cell of an unadjusted p holds
ONLY_TEST = "only test"  # what it holds where nothing could be adjusted


def percent(value: float) -> str:
    """A fraction in percent, with one decimal."""
    return NO_VALUE if pd.isna(value) else f"{100 * value:.1f}"


def number(value: float) -> str:
    """A number with three decimals; its minus is that of the other tables."""
    if pd.isna(value):
        return NO_VALUE
    return f"{round(value, 3) + 0.0:.3f}".replace("-", "−")  # no −0.000


def signed(value: float) -> str:
    """A difference of two numbers with three decimals and its sign."""
    if pd.isna(value):
        return NO_VALUE
    rounded = round(value, 3)
    sign = "−" if rounded < 0 else "+" if rounded > 0 else ""
    return f"{sign}{abs(rounded):.3f}"


def points(value: float) -> str:
    """A difference of two fractions in percentage points, with its sign."""
    if pd.isna(value):
        return NO_VALUE
    rounded = round(100 * value, 1)
    sign = "−" if rounded < 0 else "+" if rounded > 0 else ""
    return f"{sign}{abs(rounded):.1f}"


def p_value(value: float) -> str:
    """A p value with three decimals, or with four where it is below 0.001; never 0."""
    if pd.isna(value):
        return NO_VALUE
    if round(value, 4) == 0:
        return "< 0.0001"
    return f"{value:.3f}" if value >= 0.001 else f"{value:.4f}"


def mean_and_deviation(
    values: pd.Series, text: Callable[[float], str] = percent
) -> str:
    """Mean and sample standard deviation; of one value, only the value.

    Args:
        values: The values.
        text: How a value is written; default: in percent.
    """
    deviation = f" ± {text(values.std())}" if values.count() > 1 else ""
    return f"{text(values.mean())}{deviation}"


def share(count: int, total: int) -> str:
    """A count, and its percentage of the total in parentheses."""
    return f"{count} ({100 * count / total:.0f} %)" if total else NO_VALUE


def counted(count: int, noun: str) -> str:
    """A count with its noun: `1 speaker`, `2 speakers`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def count_range(counts: Iterable[int], noun: str) -> str:
    """The range of counts with their noun: `10 speakers`, `5 to 6 speakers`."""
    counts = list(counts)
    low, high = min(counts), max(counts)
    first, of, rest = noun.partition(" of ")
    named = f"{counted(high, first)}{of}{rest}"
    return named if low == high else f"{low} to {named}"


def number_range(values: Iterable[float]) -> str:
    """The range of whole numbers: `4` or `4 to 6`."""
    values = list(values)
    low, high = int(min(values)), int(max(values))
    return str(low) if low == high else f"{low} to {high}"


def as_text(value) -> str:
    """A value as text; None is a dash."""
    return NO_VALUE if value is None else str(value)


def slug(text: str) -> str:
    """Text as a part of a file name: all punctuation becomes hyphens."""
    return re.sub(r"[^\w.-]+", "-", text)


def natural_key(value) -> tuple:
    """Sort key that places fold 2 before fold 10."""
    parts = [part for part in re.split(r"(\d+)", str(value)) if part]
    keys = [(0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts]
    return (*keys, (2, 0, str(value)))


def sort_names(names: Iterable[str]) -> list[str]:
    """The different names in natural order."""
    return sorted(set(names), key=natural_key)


def sort_systems(systems: Iterable[str], order: Iterable[str] = ()) -> list[str]:
    """The different systems in the order in which reports list them.

    Args:
        systems: Names of systems.
        order: Names that come first, in this order. Baselines follow, then the
            others, both by name.
    """
    return sorted(set(systems), key=functools.partial(_system_key, list(order)))


def _system_key(order: list[str], system: str) -> tuple:
    position = order.index(system) if system in order else len(order)
    return position, not system.startswith("baseline"), natural_key(system)


def group_key(group: tuple[str, str, str]) -> tuple:
    """Sort key of an experiment, test set and condition; `clean` comes first."""
    experiment, test_set, condition = group
    return (
        natural_key(experiment),
        natural_key(test_set),
        condition != "clean",
        natural_key(condition),
    )


def job_key(job: tuple[str, int]) -> tuple:
    """Sort key of a fold and repeat."""
    fold, repeat = job
    return natural_key(fold), repeat
