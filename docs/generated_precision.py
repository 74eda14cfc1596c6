"""Scores of trainings in mixed_bfloat16 next to float32, for docs/generate.py."""

from pathlib import Path

RESULTS = Path(__file__).parents[1] / "benchmarks" / "results"
ARCHIVES = {  # of runs of the same experiment, which therefore have the same seeds
    "float32": "precision_float32",
    "mixed_bfloat16": "precision_bfloat16",
}


def precision(_: str) -> str:
    """A table of the UAR of each training, and mean differences of pairs of them.

    A pair has the same system, fold and seed.
    """
    found = {}
    for name, archive in ARCHIVES.items():
        path = RESULTS / f"{archive}.zip"
        if not path.exists():
            return "Not measured yet."
        found[name] = _by_training(path)
    one, other = found.values()
    pairs = one.index.intersection(other.index)
    lines = [["system", "fold", "seed", *(f"{name}, UAR %" for name in ARCHIVES)]]
    lines.append(["---", *["---:"] * 4])
    for system, fold, seed in pairs:
        scores = [f"{each[system, fold, seed]:.1f}" for each in found.values()]
        lines.append([f"`{system}`", fold, str(seed), *scores])
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    differences = (other - one)[pairs].groupby(level=0)
    return "\n\n".join([table, *(_mean(name, own) for name, own in differences)])


def _by_training(path: Path):
    """The UAR in percent by system, fold and repeat."""
    from keras_ser import reports

    (rows,) = reports.by_test_set([path]).values()
    keys = [rows.system, rows.fold, rows.repeat]
    recalls = (rows.prediction == rows.truth).groupby([*keys, rows.truth]).mean()
    return 100 * recalls.groupby(level=[0, 1, 2]).mean()


def _mean(system: str, differences) -> str:
    """The mean difference of pairs of trainings, with a 95 % t interval."""
    from scipy import stats

    low, high = stats.ttest_1samp(differences, 0).confidence_interval()
    return (
        f"mixed_bfloat16 minus float32, `{system}`, {len(differences)} pairs of "
        f"trainings: {differences.mean():+.1f} points on average, 95 % t interval "
        f"[{low:+.1f}, {high:+.1f}]."
    )


KINDS = {"precision": precision}
