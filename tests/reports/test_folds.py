"""Each utterance is tested once per repeat, or by all folds of a held-out corpus."""

import pandas as pd
import pytest
from toy_runs import predictions

from keras_ser.reports.folds import check_folds, stem


def outside(fold, **columns):
    """A corpus that is held out as a whole."""
    return predictions("mtl", "1", test="emodb", **columns).assign(fold=fold)


@pytest.mark.parametrize(
    ("fold", "expected"),
    [
        ("r-e-1", "r-e"),
        ("r-e-10", "r-e"),
        ("r-e", "r-e"),
        ("03", "03"),
        ("a-1b", "a-1b"),
    ],
)
def test_the_number_of_a_group_ends_the_name(fold, expected):
    assert stem(fold) == expected


def test_rotations_test_the_same_corpus():
    check_folds(pd.concat([outside("r-emodb-1"), outside("r-emodb-2")]))


@pytest.mark.parametrize(
    "tables",
    [
        [outside("r-emodb-1"), outside("q-emodb-1")],  # after other training
        [outside("r-emodb-1").assign(test=name) for name in ("in_domain", "in_domain")],
        [predictions("mtl", "1"), predictions("mtl", "1")],
    ],
)
def test_other_folds_test_each_utterance_once(tables):
    first, second = tables
    second = second.assign(fold=second["fold"].str.replace("1", "2"))
    message = r"only one fold of a repeat. Received: 12 tested more than once.*folds"
    with pytest.raises(ValueError, match=message):
        check_folds(pd.concat([first, second]))
    check_folds(pd.concat([first, second.assign(repeat=1)]))
