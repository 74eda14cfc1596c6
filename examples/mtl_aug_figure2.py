r"""One type of augmentation against all of them: Figure 2 of MTL-AUG's paper.

Paper: Latif et al. 2022 (IEEE TAC), section 5.5. With one type, the augmentation head
distinguishes augmented from unaugmented speech. With all, it distinguishes the types.
Cost: meant for a GPU. With `--preset small`: minutes per fold and system on one CPU
    thread.

Command: python examples/mtl_aug_figure2.py --corpus iemocap=DIR
Another corpus: --preset small --corpus emodb=DIR
To see that it runs, on synthetic speech: --smoke
"""

from pathlib import Path

import keras_ser as ser

CONFIG = Path(__file__).parents[1] / "configs" / "mtl_aug" / "figure2.py"

"""## Four bars on the same folds

A system with one type gets augmented rows of that type only, so its data differ from
the other systems', too. A bar therefore shows what type and task are worth together.
Every bar has the same number of updates.

The paper draws its bars and prints no figures, so the report shows no published figures
next to these.
"""

folder = ser.run(CONFIG, **ser.cli.run_options())
print((folder / "report" / "report.md").read_text(encoding="utf-8"))

"""## Does any single type do as well?

Each system with one type is compared with the system with all types, on the same
utterances.
"""

for test_set, rows in ser.reports.by_test_set(folder).items():
    systems = dict(list(rows.groupby("system")))
    for system, own in systems.items():
        if system != "mtl_aug_all" and "mtl_aug_all" in systems:
            lost = ser.reports.difference(own, systems["mtl_aug_all"])
            print(f"{test_set}: {system} against all types, {lost.text} points of UAR")
