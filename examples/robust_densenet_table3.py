r"""Do depth and augmentation protect from attacks? Table 3 of the DenseNet paper.

Paper: Latif et al., Interspeech 2020, section 5.3. FGSM and BIM with ε = 0.08, on
IEMOCAP, four emotions.

Command: python examples/robust_densenet_table3.py --corpus iemocap=DIR
Another corpus: --preset small --corpus ravdess=DIR
To see that it runs, on synthetic speech: --smoke
"""

from pathlib import Path

import keras_ser as ser

CONFIG = Path(__file__).parents[1] / "configs" / "robust_densenet" / "table3.py"
ATTACKS = {"FGSM": "fgsm:0.08", "BIM": "bim:0.08"}
QUICK = ("cnn_lstm", "densenet_highway", "densenet_highway_both")

"""## Each network is attacked by itself

An attack follows the gradient of the network that it attacks. The attacked speech
therefore differs between systems, while noise is the same for all of them. FGSM takes
one step, BIM ten smaller ones within the same distance.

The systems are those of Table 2. If its example has been run, this needs no second
training:

keras-ser robustness runs/densenet_table2 --corpus iemocap=DIR

A smoke test takes three of the eight systems.
"""

options = ser.cli.run_options()
if options["smoke"] and not options["systems"]:
    options["systems"] = QUICK
folder = ser.run(CONFIG, **options)
print((folder / "report" / "report.md").read_text(encoding="utf-8"))

"""## What is left?

A network with a lower score on clean speech has less to lose. The share of its clean
UAR (unweighted average recall) that is left after an attack is printed for this reason.
Guessing among four emotions already leaves 25 points. If BIM leaves more than FGSM, the
gradient of the network is misleading, and neither figure shows that it is robust.
"""


def percent(rows) -> float:
    """Pooled UAR in percent."""
    return 100 * ser.scores.uar(rows.truth, rows.prediction)


attacked = {
    name: ser.reports.by_test_set(folder, text) for name, text in ATTACKS.items()
}
for test_set, clean in ser.reports.by_test_set(folder).items():
    for system, quiet in clean.groupby("system"):
        before, parts = percent(quiet), []
        for name, by_test_set in attacked.items():
            rows = by_test_set[test_set]
            left = percent(rows[rows.system == system])
            share = f", {100 * left / before:.0f} % of it" if before else ""
            parts.append(f"{name} {left:.1f}{share}")
        print(f"{test_set}, {system}: clean {before:.1f}; {'; '.join(parts)}")
