r"""Do deep networks carry over to another corpus? Figure 2 of the DenseNet paper.

Paper: Latif et al., Interspeech 2020, section 5.4. IEMOCAP trains, 30 % of MSP-IMPROV
selects the epoch, and the rest of it is tested, on four emotions.

Command: python examples/robust_densenet_figure2.py --corpus iemocap=DIR \
    --corpus msp_improv=DIR
Other corpora, first the one that trains: --preset small --corpus ravdess=DIR \
    --corpus emodb=DIR
To see that it runs, on synthetic speech: --smoke
"""

from pathlib import Path

import keras_ser as ser

CONFIG = Path(__file__).parents[1] / "configs" / "robust_densenet" / "figure2.py"
QUICK = ("cnn_lstm", "densenet_lstm", "densenet_highway_mixup")

"""## One training, many test speakers

A system trains once and is tested on all speakers that do not select the epoch. Its
score says little about other trainings: another seed may move it by points. The paper
repeats each training ten times, which is `--repeats 10`. The report says whether its
intervals are over speakers only, or also over trainings.

The paper draws its bars and prints no figures. A smoke test takes three of the eight
systems.
"""

options = ser.cli.run_options()
if options["smoke"] and not options["systems"]:
    options["systems"] = QUICK
folder = ser.run(CONFIG, **options)
print((folder / "report" / "report.md").read_text(encoding="utf-8"))

"""## A ranking, and how sure it is

The systems are printed in the order of their UAR (unweighted average recall), each
with its difference from the CNN-LSTM. An interval that includes 0 leaves open which of
the two carries over better.
"""

REFERENCE = "cnn_lstm"

for test_set, rows in ser.reports.by_test_set(folder).items():
    systems = dict(list(rows.groupby("system")))
    scored = {
        name: ser.scores.uar(own.truth, own.prediction) for name, own in systems.items()
    }
    for name in sorted(systems, key=scored.get, reverse=True):
        line = f"{test_set}: {name} {ser.reports.uar_with_interval(systems[name])}"
        if REFERENCE in systems and name != REFERENCE:
            change = ser.reports.difference(systems[name], systems[REFERENCE])
            line += f", {change.text} to {REFERENCE}"
        print(line)
