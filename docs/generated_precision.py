"""Scores of trainings in mixed_bfloat16 next to float32, for docs/generate.py."""

from pathlib import Path

RESULTS = Path(__file__).parents[1] / "results"
ARCHIVES = {
    "float32": "ravdess_eight_float32",
    "mixed_bfloat16": "ravdess_eight_bfloat16",
}


def precision(_: str) -> str:
    """A table of the two, and the mean difference of trainings of a fold and seed."""
    from keras_ser import reports

    rows = {}
    for name, archive in ARCHIVES.items():
        path = RESULTS / f"{archive}.zip"
        if not path.exists():
            return "Not measured yet."
        (rows[name],) = reports.by_test_set([path]).values()
    pairs = [_by_training(each) for each in rows.values()]
    lines = [["precision", "UAR % ± SD over seeds", *map(_title, pairs[0].index)]]
    lines.append(["---", *["---:"] * (len(lines[0]) - 1)])
    for (name, own), trainings in zip(rows.items(), pairs, strict=True):
        cells = [f"{value:.1f}" for value in trainings]
        lines.append([f"`{name}`", reports.uar_with_interval(own), *cells])
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"{table}\n\n{_difference(*pairs)}"


def _by_training(rows):
    """The UAR in percent of each fold and repeat."""
    recalls = (rows.prediction == rows.truth).groupby(
        [rows.fold, rows.repeat, rows.truth]
    )
    return 100 * recalls.mean().groupby(level=[0, 1]).mean()


def _title(training) -> str:
    fold, repeat = training
    return f"fold {fold}, seed {repeat}"


def _difference(reference, other) -> str:
    """The mean difference of pairs of trainings, with a 95 % t interval."""
    from scipy import stats

    if not reference.index.equals(other.index):
        raise ValueError("Expected the same folds and seeds in both archives.")
    found = stats.ttest_rel(other, reference)
    low, high = found.confidence_interval()
    mean = (other - reference).mean()
    return (
        f"mixed_bfloat16 minus float32, mean of {len(other)} pairs of trainings: "
        f"{mean:+.1f} points, 95 % t interval [{low:+.1f}, {high:+.1f}]."
    )


KINDS = {"precision": precision}
