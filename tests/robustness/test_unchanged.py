"""A report says which attacks changed nothing."""

import pandas as pd
import pytest
from toy_runs import predicted

from keras_ser.robustness import report, unchanged

TEXTS = ("clean", "fgsm:0.1", "fgsm:0", "bim:0.1", "gain:-20")
COLUMNS = ["p_anger", "p_neutral", "p_sadness"]


@pytest.fixture
def rows():
    """Two systems; the probabilities of each prediction are its own."""
    table = pd.concat([predicted("one", texts=TEXTS), predicted("two", texts=TEXTS)])
    table = table.reset_index(drop=True).assign(row=lambda each: each.system)
    for place, name in enumerate(COLUMNS):
        table[name] = [f"{0.001 * index + place:.6f}" for index in table.index]
    return table


def freeze(rows, system, condition, share=1.0):
    """Gives predictions under an attack the probabilities of clean speech."""
    own = rows[rows.system == system]
    clean = own[own.condition == "clean"]
    under = own.index[own.condition == condition]
    count = round(share * len(under))
    rows.loc[under[:count], COLUMNS] = clean[COLUMNS].to_numpy()[:count]
    return count, len(under)


def test_attacks_that_change_something_give_no_warning(rows):
    freeze(rows, "one", "gain:-20")  # no attack
    freeze(rows, "one", "fgsm:0")  # changes nothing by definition
    freeze(rows, "two", "bim:0.1", share=0.05)
    assert unchanged.warnings_of(rows) == []


def test_a_system_that_no_attack_changes_is_named(rows, tmp_path):
    every = freeze(rows, "one", "fgsm:0.1")
    half = freeze(rows, "one", "bim:0.1", share=0.5)
    (text,) = unchanged.warnings_of(rows)
    assert text.startswith("WARNING: these attacks did not change the probabilities")
    assert "of one " in text
    assert f"fgsm:0.1 ({every[0]} of {every[1]}), bim:0.1 ({half[0]} of " in text
    path, *_ = report.write(rows.drop(columns="row"), tmp_path)
    assert text in path.read_text(encoding="utf-8")
