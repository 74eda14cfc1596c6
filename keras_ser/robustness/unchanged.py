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
        own = rows[rows["row"] == name]
        keys = [each for each in KEYS if each in own]
        clean = own[own["condition"] == "clean"].set_index(keys)[columns]
        found = []
        for text, part in own.groupby("condition", sort=False):
            condition = parse(text)
            if not condition.is_attack or not condition.level:
                continue
            attacked = part.set_index(keys)[columns]
            same = (attacked == clean.reindex(attacked.index)) | (attacked == "")
            count = int(same.all(axis=1).sum())
            if count >= MIN_SHARE * len(part):
                found.append(f"{text} ({count} of {len(part)})")
        if found:
            texts.append(
                f"WARNING: these attacks did not change the probabilities of {name} to "
                f"six decimals, for so many predictions: {', '.join(found)}. Its "
                "gradient may be 0 there, so that this shows no robustness."
            )
    return texts
