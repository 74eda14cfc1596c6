"""The scores of heads that predict numbers, each system compared with the reference."""

import math

import pandas as pd

from keras_ser import scores
from keras_ser.reports import comparison
from keras_ser.reports.blocks import Block, Table, Text
from keras_ser.reports.cells import CCC, with_interval
from keras_ser.reports.comparison import Difference
from keras_ser.reports.main_table import COUNTED, count_cells
from keras_ser.reports.text import NO_VALUE, number, signed
from keras_ser.scores.significance import MIN_SPEAKERS

HOW_TO_READ = (
    "CCC is the concordance correlation coefficient, r is Pearson's correlation, and "
    "RMSE is the root of the mean squared error, in the unit of the labels. All pool "
    "all test utterances and all repeats. The intervals of the CCC and of its "
    "difference Δ come from the same draws as those of the UAR."
)


def ccc_blocks(
    caption: str,
    by_system: dict[str, pd.DataFrame],
    marks: dict[str, str],
    reference: str,
) -> list[Block]:
    """A table of CCC, r and RMSE, and its notes.

    Args:
        caption: The line above the table.
        by_system: Scored predictions by the name of the system.
        marks: What follows the names of systems.
        reference: The system that the others are compared with.
    """
    differences = comparison.compare(by_system, reference, ccc_difference)
    header = [*COUNTED, "CCC [95 % interval]", "r", "RMSE"]
    rows = [
        [name + marks.get(name, ""), *count_cells(rows), *_scores(rows)]
        for name, rows in by_system.items()
    ]
    if differences:
        header.append("Δ CCC [95 % interval]")
        for row, name in zip(rows, by_system, strict=True):
            found = differences.get(name)
            row.append(found.written(signed) if found else NO_VALUE)
        caption += f", {comparison.describe_reference(differences, reference)}"
    notes = comparison.explain_partial(differences)
    return [Table(caption, header, rows), *map(Text, notes)]


def ccc_difference(rows: pd.DataFrame, reference: pd.DataFrame) -> Difference:
    """The difference in CCC of a system from a reference, on what both predicted.

    Args:
        rows: The system's labelled predictions of a head with numbers.
        reference: The predictions of the reference.
    """
    both, partial = comparison.pair(rows, reference)
    if both.empty:
        return comparison.no_difference(partial)
    columns = ["truth", "prediction", "prediction_reference"]
    truth, prediction, base = (pd.to_numeric(both[name]) for name in columns)
    speakers = both["speaker"].nunique()
    cluster = "utterance" if speakers < MIN_SPEAKERS else "speaker"
    return Difference(
        value=scores.ccc(truth, prediction) - scores.ccc(truth, base),
        interval=scores.ccc_difference_interval(
            truth, prediction, base, both[cluster], cluster=cluster
        ),
        mean=math.nan,
        p=math.nan,
        speakers=speakers,
        utterances=both["utterance"].nunique(),
        partial=partial,
    )


def _scores(rows: pd.DataFrame) -> list[str]:
    labels = CCC.labels(rows)
    others = [number(score(*labels)) for score in (scores.pearson, scores.rmse)]
    return [with_interval(rows, CCC), *others]
