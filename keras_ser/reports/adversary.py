"""The adversary of a system: its accuracy, and the moments of the aggregated code."""

import functools
import math
from collections.abc import Iterable

import pandas as pd

from keras_ser import figures
from keras_ser.figures.codes import ACCURACY, COLUMNS, MOMENTS
from keras_ser.reports.blocks import Block, Figure, Heading, Table, Text
from keras_ser.reports.reading import Run
from keras_ser.reports.run_files import invalid_file, read_history
from keras_ser.reports.text import NO_VALUE, number, percent, slug, sort_systems

CAPTION = (
    "accuracy of the discriminator and moments of the code per epoch, with a thin line "
    "per training and a thick one for their mean"
)
DEFAULT_PRIOR = "gaussian"
# Mean, variance, skewness and excess kurtosis.
_PRIORS = {
    "gaussian": (0.0, 1.0, 0.0, 0.0),
    "half_normal": (
        math.sqrt(2 / math.pi),
        1 - 2 / math.pi,
        math.sqrt(2) * (4 - math.pi) / (math.pi - 2) ** 1.5,
        8 * (math.pi - 3) / (math.pi - 2) ** 2,
    ),
}
# The moments of each prior by the column that holds those of the code.
PRIORS = {
    name: dict(zip(MOMENTS, moments, strict=True)) for name, moments in _PRIORS.items()
}
_Measured = tuple[Run, pd.DataFrame]  # with the columns of the adversary
EXPLANATION = (
    "These numbers are measurements of the codes of the development speech, not a "
    "criterion of success. Half of the codes that the discriminator is shown are those "
    "of the encoder, and half are drawn from the prior. An accuracy of 50 % says that "
    "this discriminator cannot tell the codes of new speakers from the prior, and no "
    "more: a weak discriminator has it too, and so may codes that hold little of the "
    "speech. The moments are those of all values of the codes taken together. Two "
    "distributions with the same four moments can still differ. Where a training "
    "averages its weights, encoder and discriminator are both measured with their "
    "averages."
)


def adversary_blocks(runs: list[Run], order: Iterable[str] = ()) -> list[Block]:
    """A table for each experiment with a discriminator, and a figure per system.

    Args:
        runs: From `reading.read_runs`.
        order: Systems that come first.

    Raises:
        ValueError: If a history.csv cannot be read or holds something other than
            numbers in these columns, or if the name of a prior is not text.
    """
    found: dict[str, list[_Measured]] = {}
    for run in runs:
        frame = _read_measurements(run)
        if frame is not None:
            found.setdefault(run.experiment, []).append((run, frame))
    blocks: list[Block] = [Heading("Adversary", 2)] if found else []
    for experiment, measured in found.items():
        suffix = f"_{slug(experiment)}" if len(found) > 1 else ""
        blocks += _experiment_blocks(experiment, measured, order, suffix)
    return [*blocks, Text(EXPLANATION)] if found else []


def _read_measurements(run: Run) -> pd.DataFrame | None:
    """The columns of the adversary in a history.csv; None if it has not all of them."""
    path = run.folder / "history.csv"
    if not path.is_file():
        return None
    history = read_history(path)
    if not set(COLUMNS) <= set(history):
        return None
    try:
        return history[[*COLUMNS]].astype(float)
    except ValueError as error:
        expected = f"numbers in the columns {list(COLUMNS)}"
        raise invalid_file(path, expected, error) from error


def _experiment_blocks(
    experiment: str, measured: list[_Measured], order: Iterable[str], suffix: str
) -> list[Block]:
    by_system = {
        system: [each for each in measured if each[0].system == system]
        for system in sort_systems([run.system for run, _ in measured], order)
    }
    priors = {name: _read_prior(own[0][0]) for name, own in by_system.items()}
    blocks: list[Block] = [_table(experiment, by_system, priors)]
    for system, own in by_system.items():
        name, title = f"adversary{suffix}_{slug(system)}.png", f"{experiment}, {system}"
        frames, prior = [frame for _, frame in own], PRIORS.get(priors[system])
        draw = functools.partial(figures.adversary, frames, prior=prior, title=title)
        blocks.append(Figure(name, f"{title}: {CAPTION}", draw))
    return blocks


def _read_prior(run: Run) -> str:
    arguments = run.config["systems"][run.system].get("arguments")
    given = arguments if isinstance(arguments, dict) else {}
    prior = given.get("prior", DEFAULT_PRIOR)
    if not isinstance(prior, str):
        expected = f"text as `systems.{run.system}.arguments.prior`"
        raise invalid_file(run.folder / "config.json", expected, prior)
    return prior


def _table(
    experiment: str, by_system: dict[str, list[_Measured]], priors: dict[str, str]
) -> Table:
    """The tested epoch of each system, and the values of each prior below."""
    header = ["System", "Prior", "Folds", "Accuracy %"]
    header += [label.capitalize() for label in MOMENTS.values()]
    rows = [
        [system, priors[system], *_measured_cells(own)]
        for system, own in by_system.items()
    ]
    for prior in dict.fromkeys(priors.values()):
        cells = _cells({ACCURACY: 0.5, **PRIORS.get(prior, {})})
        rows.append([f"a code from {prior}", prior, NO_VALUE, *cells])
    caption = (
        f"{experiment}: the discriminator's accuracy on the development speech and the "
        "moments of the aggregated code, tested epoch, mean over folds and repeats"
    )
    return Table(caption, header, rows)


def _measured_cells(measured: list[_Measured]) -> list[str]:
    """The number of folds and the means, over the repeats of a fold first."""
    tested = [_tested_row(run, frame) for run, frame in measured]
    table = pd.DataFrame(tested).assign(fold=[run.fold for run, _ in measured])
    means = table.groupby("fold").mean()
    return [str(len(means)), *_cells(means.mean().to_dict())]


def _tested_row(run: Run, frame: pd.DataFrame) -> pd.Series:
    """The row of the epoch whose weights were tested, which metrics.json names."""
    epoch = run.metrics.get("epoch")
    if type(epoch) is not int or not 1 <= epoch <= len(frame):
        expected = f"a number from 1 to {len(frame)} as `epoch`, as in history.csv"
        raise invalid_file(run.folder / "metrics.json", expected, epoch)
    return frame.iloc[epoch - 1]


def _cells(values: dict[str, float]) -> list[str]:
    moments = [number(values.get(column, math.nan)) for column in MOMENTS]
    return [percent(values[ACCURACY]), *moments]
