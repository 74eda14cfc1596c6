"""From the files of finished runs to tables and figures.

Only `config.json`, `predictions.csv`, `metrics.json`, `history.csv` and
`skipped.csv` are read, never a model. A report holds no date, commit or path:
the same runs give the same bytes, in whatever order their folders are listed.
"""

from pathlib import Path

import pandas as pd

from keras_ser.reports.cells import uar_with_interval
from keras_ser.reports.comparison import Difference, difference
from keras_ser.reports.contents import contents
from keras_ser.reports.reading import HEAD, concat, read_runs, settings_of
from keras_ser.reports.selection import shared_speakers as _shared_speakers
from keras_ser.reports.test_sets import placed, shown
from keras_ser.reports.writing import latex, markdown
from keras_ser.utils import files

FORMATS = ("md", "tex", "png")

__all__ = [
    "FORMATS",
    "Difference",
    "build",
    "difference",
    "places",
    "read",
    "shared_speakers",
    "uar_with_interval",
]


def read(paths) -> pd.DataFrame:
    """All predictions of complete runs, one row a prediction.

    Args:
        paths: a runs folder, an experiment, a system, a single run, or a list
            of these. Folders that are hidden or end in `.partial` do not count.

    Returns:
        DataFrame with the columns of `predictions.csv`: text, but `repeat`
        (integer) and `p_<class>` (float). All heads; an unlabelled utterance
        has the empty text as `truth`. The order depends on the content alone.

    Raises:
        FileNotFoundError: if a path, a complete run, or its predictions.csv or
            config.json is missing.
        ValueError: if a predictions.csv is unreadable, lacks columns or
            values, mixes runs, or predicts an utterance twice; if an utterance is
            tested in two folds of a repeat; if runs of one experiment were made
            with different settings.
    """
    return concat(read_runs(paths))


def places(paths, condition: str = "clean") -> dict[str, pd.DataFrame]:
    """Predictions of the emotion on labelled speech, by where they were made.

    Args:
        paths: as for `read`.
        condition: `clean`, `noise:all:10`; see `conditions`.

    Returns:
        By place, `emodb` or `ravdess → emodb`, the rows of all systems.
    """
    runs = read_runs(paths)
    table = placed(runs, settings_of(runs))
    emotion = (table["head"] == HEAD) & (table["truth"] != "")
    rows = table[emotion & (table["condition"] == condition)]
    return {shown(place): part for place, part in rows.groupby("place", sort=True)}


def shared_speakers(paths) -> list[str]:
    """A line for each run and two of its sides that share a speaker; empty if none.

    Computed from `metrics.json` and the speakers of `predictions.csv`. The report
    holds the same lines, as errors.

    Args:
        paths: as for `read`.
    """
    return _shared_speakers(read_runs(paths))


def build(paths, out, formats=FORMATS, systems=(), against=None) -> list[Path]:
    """Write the report of complete runs.

    `report.md` and `report.tex` (booktabs) hold the settings of each experiment
    and what its systems are; for each corpus and condition, the main table, the
    repeats, the folds, the speakers and the confusion matrices; then, where runs
    recorded it, how the augmentation head fares beside a probe; what
    selected the epochs, and whether a speaker is on two sides of a fold. The main
    table compares every system with one of them: the difference of the pooled UARs with
    a paired bootstrap interval, p of a sign-flip test over speakers beside the mean
    difference that it tests, and p adjusted by Holm over the table.
    Figures are `speakers.png` and `confusion_<system>.png`; with several
    corpora or conditions their names end in these.

    Args:
        paths: as for `read`.
        out: folder to write to.
        formats: any of `"md"`, `"tex"`, `"png"`.
        systems: order of the rows; systems not named follow, those called
            `baseline…` first, the others by name.
        against: the system that the others are compared with; default that of the
            config, else `baseline_augmented`, `baseline`, the first.

    Returns:
        The written files.

    Raises:
        FileNotFoundError: as `read`, and if a metrics.json is missing.
        ValueError: as `read`, on an unknown format, and on an unknown
            system as `against`.
    """
    if isinstance(formats, str) or not set(formats) <= set(FORMATS):
        raise ValueError(
            f"`formats` must be a list of any of {list(FORMATS)}. Received: "
            f"{formats!r}. Leave the others out."
        )
    blocks = contents(read_runs(paths), list(systems), against)
    drawings = [block for block in blocks if block[0] == "figure"]
    if "png" not in formats:
        blocks = [block for block in blocks if block[0] != "figure"]
    render = {"md": markdown, "tex": latex}
    texts = [name for name in render if name in formats]
    written = [
        files.write_text(Path(out, f"report.{name}"), render[name](blocks))
        for name in texts
    ]
    for _, name, _, draw in drawings if "png" in formats else ():
        draw(Path(out, name))
        written.append(Path(out, name))
    return written
