r"""How many labels does MTL-AUG need? Figure 3 of its paper.

Paper: Latif et al. 2022 (IEEE TAC), section 5.6. From 20 to 100 % of the training
labels; speech that loses its label serves MTL-AUG as unlabelled speech.
Cost: for a GPU; with `--preset small` minutes a fold and system on a CPU thread, and
there are 18 systems. `--systems` takes some of them.

Command: python examples/mtl_aug_figure3.py --corpus iemocap=DIR --corpus msp_improv=DIR
Another corpus: --preset small --corpus emodb=DIR
To see that it runs, on synthetic speech: --smoke
"""

from pathlib import Path

import pandas as pd

import keras_ser as ser

CONFIG = Path(__file__).parents[1] / "configs" / "mtl_aug" / "figure3.py"
QUICK = ("baseline_20", "baseline_100", "mtl_aug_20", "mtl_aug_100")

"""## Smaller fractions are parts of larger ones

Which utterances keep their label is a function of the utterance and the seed, so
that a curve rises by what is added and not by luck of another draw. With fewer
labels an epoch has fewer updates; the report says so.
"""

options = ser.cli.run_options()
if options["smoke"] and not options["systems"]:
    options["systems"] = QUICK
folder = ser.run(CONFIG, **options)
print((folder / "report" / "report.md").read_text(encoding="utf-8"))

"""## Where does the curve cross?

The smallest fraction at which MTL-AUG is not behind the augmented baseline (or the
plain one) with all labels, and what the interval of the difference leaves open.
"""


def crossing(rows: pd.DataFrame) -> str:
    systems = dict(list(rows.groupby("system")))
    whole = ("baseline_augmented_100", "baseline_100")
    base = next((name for name in whole if name in systems), None)
    if base is None:
        return "no baseline with all labels was run"
    for percent in range(1, 101):
        own = systems.get(f"mtl_aug_{percent}")
        if own is not None:
            ahead = ser.reports.difference(own, systems[base])
            if ahead.value >= 0:
                return f"{percent} % of the labels: {ahead.text} against {base}"
    return f"MTL-AUG stays behind {base} at every fraction that was run"


for place, rows in ser.reports.by_test_set(folder).items():
    print(f"{place}: {crossing(rows)}")
