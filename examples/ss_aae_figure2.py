r"""One task or several, in three kinds of networks: Figure 2 of the SS-AAE paper.

Paper: Rana et al., arXiv:1907.06078, section V.A. IEMOCAP and MSP-IMPROV, four
emotions, leaving one speaker out, with LibriSpeech as unlabelled speech.

Command: python examples/ss_aae_figure2.py --corpus iemocap=DIR \
    --corpus msp_improv=DIR --corpus librispeech=DIR
Another corpus: --preset small --set features.seconds=1.28 --corpus emodb=DIR \
    --corpus librispeech=DIR
To see that it runs, on synthetic speech: --smoke
"""

from pathlib import Path

import keras_ser as ser

CONFIG = Path(__file__).parents[1] / "configs" / "ss_aae" / "figure2.py"
QUICK = ("cnn_single", "aae_single", "ss_aae")

"""## Six systems in three pairs

A CNN, an autoencoder and an adversarial autoencoder, each with emotion alone
(`…_single`) and with speaker and gender as well (`…_multi`, and `ss_aae`).

Unlabelled speech teaches `ae_single` and `aae_single` by its reconstruction only, and
`cnn_single` nothing, so that it does without. The step from one task to several
therefore also gives the CNN more speech.

The paper draws its bars and prints no figures. A smoke test takes three of the six
systems.
"""

options = ser.cli.run_options()
if options["smoke"] and not options["systems"]:
    options["systems"] = QUICK
folder = ser.run(CONFIG, **options)
print((folder / "report" / "report.md").read_text(encoding="utf-8"))

"""## Is it the tasks, or the network?

The paper's claim is that several tasks are better, whatever the network. Within each
pair, the difference in UAR (unweighted average recall) shows it.
"""

PAIRS = {
    "CNN": ("cnn_multi", "cnn_single"),
    "autoencoder": ("ae_multi", "ae_single"),
    "adversarial autoencoder": ("ss_aae", "aae_single"),
}

for test_set, rows in ser.reports.by_test_set(folder).items():
    systems = dict(list(rows.groupby("system")))
    for what, (several, one) in PAIRS.items():
        if several in systems and one in systems:
            gain = ser.reports.difference(systems[several], systems[one])
            print(f"{test_set}: more tasks for the {what}, {gain.text} points of UAR")
