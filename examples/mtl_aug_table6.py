r"""MTL-AUG under adversarial attacks: Table 6 of its paper.

Paper: Latif et al. 2022 (IEEE TAC), section 5.4. FGSM and BIM with ε = 0.08, on
IEMOCAP, four emotions. Three comparison models are in the table as well. PGD is our
addition.
Cost: meant for a GPU. With `--preset small`: minutes per fold and system on one CPU
    thread.

Command: python examples/mtl_aug_table6.py --corpus iemocap=DIR --corpus librispeech=DIR
Another corpus: --preset small --corpus emodb=DIR --corpus librispeech=DIR
To see that it runs, on synthetic speech: --smoke
"""

from pathlib import Path

import keras_ser as ser

CONFIG = Path(__file__).parents[1] / "configs" / "mtl_aug" / "table6.py"

"""## An attack that knows everything

The attack knows the weights and the true emotion. It moves each normalised feature of
the speech, never of the padding, up the gradient of the loss, by at most ε standard
deviations. The size and the number of the steps are our choice, because the paper gives
neither.
"""

folder = ser.run(CONFIG, **ser.cli.run_options())
print((folder / "report" / "report.md").read_text(encoding="utf-8"))

"""## The stronger the attack, the less is left

BIM and PGD take several steps, FGSM takes one. If BIM and PGD do no more harm to a
system than FGSM, the system hides its gradient rather than resisting the attack.
"""

for condition in ser.experiments.load_config(CONFIG).conditions:
    for test_set, rows in ser.reports.by_test_set(folder, condition).items():
        for system, own in rows.groupby("system"):
            uar = ser.reports.uar_with_interval(own)
            print(f"{test_set}, {condition}, {system}: {uar}")
