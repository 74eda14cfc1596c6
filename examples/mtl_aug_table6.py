r"""MTL-AUG under adversarial attacks: Table 6 of its paper.

Paper: Latif et al. 2022 (IEEE TAC), section 5.4. FGSM and BIM at ε 0.08 beside two
rivals; IEMOCAP, four emotions. PGD is ours.
Cost: for a GPU; with `--preset small` minutes a fold and system on a CPU thread.

Command: python examples/mtl_aug_table6.py --corpus iemocap=DIR --corpus librispeech=DIR
Another corpus: --preset small --corpus emodb=DIR --corpus librispeech=DIR
To see that it runs, on synthetic speech: --smoke
"""

from pathlib import Path

import keras_ser as ser

CONFIG = Path(__file__).parents[1] / "configs" / "mtl_aug" / "table6.py"

"""## An attack that knows everything

It knows the weights and the true emotion, and moves each normalised feature of the
speech, never of the padding, by ε standard deviations at most, up the gradient of the
loss. The step's size and number are ours; the paper gives neither.
"""

folder = ser.run(CONFIG, **ser.cli.run_options())
print((folder / "report" / "report.md").read_text(encoding="utf-8"))

"""## The stronger the attack, the less is left

BIM and PGD take several steps where FGSM takes one. A system on which they do no
better than FGSM hides its gradient rather than resists.
"""

for condition in ser.experiments.load_config(CONFIG).conditions:
    for place, rows in ser.reports.by_test_set(folder, condition).items():
        for system, own in rows.groupby("system"):
            print(
                f"{place}, {condition}, {system}: {ser.reports.uar_with_interval(own)}"
            )
