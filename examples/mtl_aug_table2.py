r"""MTL-AUG within a corpus: Table 2 of its paper.

Paper: Latif et al. 2022 (IEEE TAC), section 5.1. IEMOCAP and MSP-IMPROV, four
emotions, leaving one speaker out; the corpora are licensed to you by their makers.
Cost: for a GPU; with `--preset small` minutes a fold and system on a CPU thread.

Command: python examples/mtl_aug_table2.py --corpus iemocap=DIR \
    --corpus msp_improv=DIR --corpus librispeech=DIR
Another corpus: --preset small --corpus emodb=DIR --corpus librispeech=DIR
To see that it runs, on synthetic speech: --smoke
"""

from pathlib import Path

import keras_ser as ser

CONFIG = Path(__file__).parents[1] / "configs" / "mtl_aug" / "table2.py"

"""## Four systems, one experiment

The config holds the rows: the CNN-BLSTM baseline; the same network on augmented
speech; MTL-AUG, which besides tells how its input was augmented and reconstructs it;
and MTL-AUG with unlabelled speech beside the labelled. They share folds, seeds and
the number of updates, so that a difference is the system's. A fold's test speaker
neither trains nor selects the epoch.

What is done already is not done again: an interrupted command goes on. The report
sets what was measured beside what the paper prints.
"""

folder = ser.run(CONFIG, **ser.cli.run_options())
print((folder / "report" / "report.md").read_text(encoding="utf-8"))

"""## What do the auxiliary tasks add?

The paper's gain over the baseline is that of augmentation and tasks together. The
tasks alone are MTL-AUG against the baseline on the same augmented speech.
"""

STEPS = {
    "augmentation": ("baseline_augmented", "baseline"),
    "auxiliary tasks": ("mtl_aug", "baseline_augmented"),
    "unlabelled speech": ("mtl_aug_librispeech", "mtl_aug"),
}

for place, rows in ser.reports.by_test_set(folder).items():
    systems = dict(list(rows.groupby("system")))
    for what, (more, less) in STEPS.items():
        if more in systems and less in systems:
            added = ser.reports.difference(systems[more], systems[less])
            print(f"{place}: {what} added {added.text} points of UAR")
