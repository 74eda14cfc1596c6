r"""How many labels does MTL-AUG need? Figure 3 of its paper.

Paper: Latif et al. 2022 (IEEE TAC), section 5.6. From 20 to 100 % of the training
labels are kept. MTL-AUG uses the speech that loses its label as unlabelled speech.
SS-AAE has all labels, and LibriSpeech as unlabelled speech.
Cost: meant for a GPU. With `--preset small`: minutes per fold and system on one CPU
    thread. There are 19 systems; `--systems` selects some of them.

Command: python examples/mtl_aug_figure3.py --corpus iemocap=DIR \
    --corpus msp_improv=DIR --corpus librispeech=DIR
Another corpus: --preset small --corpus emodb=DIR --corpus librispeech=DIR
To see that it runs, on synthetic speech: --smoke
"""

from pathlib import Path

import pandas as pd

import keras_ser as ser

CONFIG = Path(__file__).parents[1] / "configs" / "mtl_aug" / "figure3.py"
QUICK = ("baseline_20", "baseline_100", "mtl_aug_20", "mtl_aug_100")

"""## Smaller fractions are parts of larger ones

Which utterances keep their label is a function of the utterance and the seed. A curve
therefore rises by what is added, and not by the luck of another draw. With fewer labels
an epoch has fewer updates, and the report says so.

A smoke test takes four of the 19 systems.
"""

options = ser.cli.run_options()
if options["smoke"] and not options["systems"]:
    options["systems"] = QUICK
folder = ser.run(CONFIG, **options)
print((folder / "report" / "report.md").read_text(encoding="utf-8"))

"""## Where does the curve cross?

It crosses at the smallest fraction with which MTL-AUG is not behind a system with all
labels. In the paper, that system is SS-AAE; the augmented baseline is another one (or
the unaugmented one, if only that was run). The interval of the difference shows what is
left open.
"""

BASELINES = ("baseline_augmented_100", "baseline_100")


def crossing(rows: pd.DataFrame, bases: tuple[str, ...]) -> str:
    """Where the curve of MTL-AUG reaches a system with all labels, as text."""
    systems = dict(list(rows.groupby("system")))
    base = next((name for name in bases if name in systems), None)
    if base is None:
        return f"{bases[0]} was not run"
    for percent in range(1, 101):
        own = systems.get(f"mtl_aug_{percent}")
        if own is not None:
            gain = ser.reports.difference(own, systems[base])
            if gain.value >= 0:
                return (
                    f"with {percent} % of the labels, MTL-AUG differs from {base} "
                    f"by {gain.text} points of UAR"
                )
    return f"MTL-AUG stays behind {base} with every fraction that was run"


for test_set, rows in ser.reports.by_test_set(folder).items():
    for bases in (BASELINES, ("ss_aae",)):
        print(f"{test_set}: {crossing(rows, bases)}")
