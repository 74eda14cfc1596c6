r"""What each part of MTL-AUG is worth: Table 7 of its paper.

Paper: Latif et al. 2022 (IEEE TAC), section 5.7. Model 1 has all parts, model 5 none:
augmentation head, reconstruction, center loss and attention are removed in turn.
Cost: meant for a GPU. With `--preset small`: minutes per fold and system on one CPU
    thread.

Command: python examples/mtl_aug_table7.py --corpus iemocap=DIR --corpus msp_improv=DIR
Another corpus: --preset small --corpus emodb=DIR
To see that it runs, on synthetic speech: --smoke
"""

from pathlib import Path

import keras_ser as ser

CONFIGS = Path(__file__).parents[1] / "configs" / "mtl_aug"

"""## Tasks and data, kept apart

The paper does not say which of its models saw augmented speech. If models 3 to 5 did
not, the step from 2 to 3 changes a task and the data at once. These models are
therefore run twice, and the ablation below compares models that all saw the same rows.
"""

folder = ser.run(CONFIGS / "table7.py", **ser.cli.run_options())
print((folder / "report" / "report.md").read_text(encoding="utf-8"))

"""## Part by part

Each part is worth the difference between the model that has it and the one that lacks
it.
"""

LADDER = {
    "augmentation head": ("model_1", "model_2"),
    "reconstruction": ("model_2", "model_3_augmented"),
    "center loss": ("model_3_augmented", "model_4_augmented"),
    "attention": ("model_4_augmented", "model_5_augmented"),
    "augmented speech, without tasks": ("model_3_augmented", "model_3"),
}

for test_set, rows in ser.reports.by_test_set(folder).items():
    systems = dict(list(rows.groupby("system")))
    for part, (has, lacks) in LADDER.items():
        if has in systems and lacks in systems:
            worth = ser.reports.difference(systems[has], systems[lacks])
            print(f"{test_set}: {part} is worth {worth.text} points of UAR")

r"""## Across corpora

The last column of the table is `configs/mtl_aug/table7_cross.py`, which trains on one
corpus and tests on another:

keras-ser run configs/mtl_aug/table7_cross.py --corpus iemocap=DIR \
    --corpus msp_improv=DIR
"""
