r"""MTL-AUG within a corpus: Table 2 of its paper.

Paper: Latif et al. 2022 (IEEE TAC), section 5.1. IEMOCAP and MSP-IMPROV, four
emotions, leaving one speaker out. Their makers license the corpora to you.
Cost: meant for a GPU. With `--preset small`: minutes per fold and system on one CPU
    thread.

Command: python examples/mtl_aug_table2.py --corpus iemocap=DIR \
    --corpus msp_improv=DIR --corpus librispeech=DIR
Another corpus: --preset small --corpus emodb=DIR --corpus librispeech=DIR
To see that it runs, on synthetic speech: --smoke
"""

from pathlib import Path

import keras_ser as ser

CONFIG = Path(__file__).parents[1] / "configs" / "mtl_aug" / "table2.py"

"""## Five systems, one experiment

The config defines the rows of the table:

- `baseline`: the CNN-BLSTM baseline
- `baseline_augmented`: the same network on augmented speech
- `mtl_aug`: MTL-AUG, which also recognises how its input was augmented and reconstructs
  it
- `mtl_aug_librispeech`: MTL-AUG with unlabelled speech in addition to the labelled
  speech
- `ss_aae`: SS-AAE on the same unlabelled speech, of which it also learns speaker and
  gender, on the same features

They share folds, seeds and the number of updates, so that a difference is due to the
system. The test speaker of a fold neither trains nor selects the epoch.

Finished runs are not repeated, and an interrupted command resumes when it is given
again. The report shows what was measured next to what the paper prints.
"""

folder = ser.run(CONFIG, **ser.cli.run_options())
print((folder / "report" / "report.md").read_text(encoding="utf-8"))

"""## What do the auxiliary tasks add?

The paper's gain over the baseline is that of augmentation and tasks together. What the
tasks alone add is the difference between MTL-AUG and the baseline on the same augmented
speech.
"""

STEPS = {
    "augmentation": ("baseline_augmented", "baseline"),
    "auxiliary tasks": ("mtl_aug", "baseline_augmented"),
    "unlabelled speech": ("mtl_aug_librispeech", "mtl_aug"),
    "MTL-AUG in place of SS-AAE": ("mtl_aug_librispeech", "ss_aae"),
}

for test_set, rows in ser.reports.by_test_set(folder).items():
    systems = dict(list(rows.groupby("system")))
    for what, (more, less) in STEPS.items():
        if more in systems and less in systems:
            added = ser.reports.difference(systems[more], systems[less])
            print(f"{test_set}: {what} added {added.text} points of UAR")
