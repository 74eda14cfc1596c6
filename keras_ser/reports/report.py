"""The report of complete runs: tables and figures in one folder."""

from collections.abc import Iterable
from pathlib import Path

from keras_ser.reports.blocks import Figure
from keras_ser.reports.contents import contents
from keras_ser.reports.reading import Paths, read_runs
from keras_ser.reports.writing import draw_figures, latex, markdown
from keras_ser.utils import files
from keras_ser.utils.lists import as_list

FORMATS = ("md", "tex", "png")


def write(
    paths: Paths,
    out: str | Path,
    formats: str | Iterable[str] = FORMATS,
    systems: str | Iterable[str] = (),
    reference: str | None = None,
    primary: str | None = None,
) -> list[Path]:
    """Writes the report of complete runs.

    `report.md` and `report.tex` (booktabs) start with the settings of each experiment
    and its systems. For each test set and condition, the main table, the repeats, the
    folds, the speakers and the confusion matrices of the main head follow, then a
    shorter section of each further head. Then come the scores over the fraction of
    labels, the published figures, the heads of attributes, the probes of the
    embeddings, the augmentation head next to a probe, and the discriminator's accuracy
    with the moments of the aggregated code, and the calibration of the probabilities,
    where the runs have these. The end says
    what selected the epochs, and whether a speaker is on two sides of a fold.

    The main table compares every system with the reference: the difference of their
    pooled UARs with a t interval and a paired bootstrap interval, p of this
    difference, and p adjusted by Holm's method for the tests of the table besides
    the primary one. Intervals and p are over speakers, over groups of speakers, or
    over speakers and trainings; see `reports.units`. Heads that predict numbers have
    the CCC with the same intervals and test, Pearson's r and the RMSE.

    The figures are `systems.png`, `speakers.png` and `confusion_<system>.png`, and
    `labels.png`, `published.png`, `embeddings_<column>.png` and
    `adversary_<system>.png` where there are such tables. With several experiments, test
    sets or conditions, their names end in these, and those of further heads in the
    head.

    Args:
        paths: As for `reports.read`.
        out: Folder to write to.
        formats: Any of `"md"`, `"tex"` and `"png"`.
        systems: Systems that come first, in this order. Those called `baseline…`
            follow, then the others by name.
        reference: The system that the others are compared with. Default: the
            reference of the config, else `baseline_augmented`, `baseline`, or the
            first system.
        primary: The system whose comparison with the reference is the primary one,
            whose p is not adjusted. It should be named in the config before the
            results are known, which is the default. If the config of the runs names
            another or none, the report says so.

    Returns:
        The written files.

    Raises:
        FileNotFoundError: As `reports.read`, and if a metrics.json is missing.
        ValueError: As `reports.read`, if a format is unknown, if `reference` is not a
            system, if no table compares `primary` with its reference, or if there are
            no labelled predictions.
    """
    formats, systems = as_list(formats), as_list(systems)
    if not set(formats) <= set(FORMATS):
        raise ValueError(
            f"`formats` must be any of {list(FORMATS)}. Received: {formats}. Leave the "
            "others out."
        )
    blocks = contents(read_runs(paths), systems, reference, primary)
    if "png" not in formats:
        blocks = [block for block in blocks if not isinstance(block, Figure)]
    written = [
        files.write_text(Path(out, f"report.{name}"), render(blocks))
        for name, render in {"md": markdown, "tex": latex}.items()
        if name in formats
    ]
    return written + draw_figures(blocks, out)
