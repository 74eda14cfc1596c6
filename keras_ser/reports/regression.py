"""The scores of heads that predict numbers, each system compared with the reference."""

from collections.abc import Callable

import pandas as pd

from keras_ser import scores
from keras_ser.reports.blocks import Block
from keras_ser.reports.cells import CCC
from keras_ser.reports.main_table import score_blocks
from keras_ser.reports.text import number

HOW_TO_READ = (
    "CCC is the concordance correlation coefficient, r is Pearson's correlation, and "
    "RMSE is the root of the mean squared error, in the unit of the labels. All pool "
    "all test utterances and all repeats. The CCC has the same intervals and the same "
    "test as the UAR."
)


def ccc_blocks(
    caption: str,
    by_system: dict[str, pd.DataFrame],
    marks: dict[str, str],
    reference: str,
    primary: str | None = None,
) -> list[Block]:
    """A table of CCC, r and RMSE, each system compared with the reference by its CCC.

    Args:
        caption: The line above the table.
        by_system: Scored predictions by the name of the system.
        marks: What follows the names of systems.
        reference: The system that the others are compared with.
        primary: The system of the primary comparison, if one is named.
    """
    others = {"r": _cell(scores.pearson), "RMSE": _cell(scores.rmse)}
    return score_blocks(caption, by_system, marks, reference, primary, CCC, others)


def _cell(score: Callable[..., float]) -> Callable[[pd.DataFrame], str]:
    return lambda rows: number(score(*CCC.labels(rows)))
