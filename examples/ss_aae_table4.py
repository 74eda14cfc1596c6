r"""Activation and valence instead of emotions: Table IV of the SS-AAE paper.

Paper: Rana et al., arXiv:1907.06078, section VI.A. IEMOCAP and MSP-IMPROV, leaving one
speaker out, with LibriSpeech as unlabelled speech. Only corpora whose utterances are
rated by activation and valence have these targets.

Command: python examples/ss_aae_table4.py --corpus iemocap=DIR \
    --corpus msp_improv=DIR --corpus librispeech=DIR
To see that it runs, on synthetic speech: --smoke
"""

from pathlib import Path

import pandas as pd

import keras_ser as ser

CONFIG = Path(__file__).parents[1] / "configs" / "ss_aae" / "table4.py"
TARGETS = {
    "three levels of activation": CONFIG,
    "three levels of valence": CONFIG.with_name("table4_valence.py"),
    "three clusters": CONFIG.with_name("table4_clusters_3.py"),
    "five clusters": CONFIG.with_name("table4_clusters_5.py"),
}
QUICK = ("aae_speaker", "ss_aae")

"""## Four targets, four experiments

Ratings run from 1 to 5. The paper divides each of them into three levels, and it
divides the plane of both into three or five clusters. The systems are those of Table
III.

The clusters are those of the training speakers of a fold. They are ordered by valence
and then by activation, but where they lie differs from fold to fold.

A smoke test takes two of the three systems.
"""

options = ser.cli.run_options()
if options["smoke"] and not options["systems"]:
    options["systems"] = QUICK
folders = {target: ser.run(config, **options) for target, config in TARGETS.items()}
for folder in folders.values():
    print((folder / "report" / "report.md").read_text(encoding="utf-8"))

"""## The mean over folds

Because clusters differ between folds, predictions of different folds are not pooled. A
system has a UAR (unweighted average recall) in each fold, and these are averaged.
"""


def score_folds(rows: pd.DataFrame) -> pd.Series:
    """UAR of each fold, the mean over its repeats."""
    runs = {
        run: ser.scores.uar(part.truth, part.prediction)
        for run, part in rows.groupby(["fold", "repeat"])
    }
    return pd.Series(runs).groupby(level=0).mean()


for target, folder in folders.items():
    for test_set, rows in ser.reports.by_test_set(folder).items():
        scores = {name: score_folds(own) for name, own in rows.groupby("system")}
        means = ", ".join(f"{name} {100 * x.mean():.1f}" for name, x in scores.items())
        print(f"{test_set}, {target}: {means}")
        for alone in ("aae_gender", "aae_speaker"):
            if alone in scores and "ss_aae" in scores:
                gains = (scores["ss_aae"] - scores[alone]).dropna()
                ahead = f"{(gains > 0).sum()} of {len(gains)} folds"
                print(f"    both tasks are ahead of {alone} in {ahead}")
