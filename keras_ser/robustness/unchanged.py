"""Attacks that changed nothing, which shows no robustness."""

import pandas as pd

from keras_ser.conditions import parse
from keras_ser.reports.text import sort_systems

MIN_SHARE = 0.1  # of the predictions of a system
KEYS = ["fold", "repeat", "test", "utterance"]


def warnings_of(rows: pd.DataFrame) -> list[str]:
    """One text per system with attacks that left many probabilities as they were.

    A gradient of 0 gives an attack no direction. The predictions then stay those of
    clean speech, and the score looks robust.

    Args:
        rows: Predictions of the main head, with the column `row` for the system. Their
            probabilities have six decimals.
    """
    columns = [name for name in rows if name.startswith("p_")]
    if not columns:
        return []
    texts = []
    for name in sort_systems(rows["row"]):
        found = _without_effect(rows[rows["row"] == name], columns)
        if found:
            texts.append(
                f"WARNING: these attacks did not change the probabilities of {name} to "
                f"six decimals, for so many predictions: {', '.join(found)}. Its "
                "gradient may be 0 there, so that this shows no robustness."
            )
    return texts


def _without_effect(rows: pd.DataFrame, columns: list[str]) -> list[str]:
    """The attacks on one system that left many probabilities as they were."""
    keys = [each for each in KEYS if each in rows]
    parts = {
        text: part.set_index(keys)[columns]
        for text, part in rows.groupby("condition", sort=False)
    }
    found = []
    for text, attacked in parts.items():
        condition = parse(text)
        if condition.is_attack and condition.level:
            same = attacked == parts["clean"].reindex(attacked.index)
            count = int((same | (attacked == "")).all(axis=1).sum())
            if count >= MIN_SHARE * len(attacked):
                found.append(f"{text} ({count} of {len(attacked)})")
    return found
