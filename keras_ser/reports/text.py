"""How values are written, and the order of names."""

import re

import pandas as pd

NOTHING = "–"


def percent(value: float) -> str:
    return NOTHING if pd.isna(value) else f"{100 * value:.1f}"


def points(value: float) -> str:
    """A difference in percentage points, with its sign."""
    rounded = round(100 * value, 1)
    sign = "−" if rounded < 0 else "+" if rounded > 0 else ""
    return f"{sign}{abs(rounded):.1f}"


def p_value(value: float) -> str:
    if pd.isna(value):
        return NOTHING
    return f"{value:.3f}" if value >= 0.001 else f"{value:.4f}"


def spread(values: pd.Series) -> str:
    """Mean and sample deviation; of one value, the value."""
    deviation = f" ± {percent(values.std())}" if values.count() > 1 else ""
    return f"{percent(values.mean())}{deviation}"


def text_of(value) -> str:
    return NOTHING if value is None else str(value)


def share(count: int, total: int) -> str:
    return f"{count} ({100 * count / total:.0f} %)" if total else NOTHING


def slug(text: str) -> str:
    return re.sub(r"[^\w.-]+", "-", text)


def natural(value) -> tuple:
    """Sort key under which fold 2 comes before fold 10."""
    parts = [part for part in re.split(r"(\d+)", str(value)) if part]
    keys = [(0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts]
    return (*keys, (2, 0, str(value)))


def rank(order: list[str], system: str) -> tuple:
    place = order.index(system) if system in order else len(order)
    return place, not system.startswith("baseline"), natural(system)


def group_rank(key: tuple) -> tuple:
    experiment, corpus, condition = key
    clean = condition != "clean"
    return natural(experiment), natural(corpus), clean, natural(condition)


def job_rank(job: tuple) -> tuple:
    return natural(job[0]), job[1]
