r"""How many speakers without emotions help? Figure 3 of the SS-AAE paper.

Paper: Rana et al., arXiv:1907.06078, section VI.B. IEMOCAP and MSP-IMPROV, four
emotions, leaving one speaker out, with up to 750 speakers of LibriSpeech.

Command: python examples/ss_aae_figure3.py --corpus iemocap=DIR \
    --corpus msp_improv=DIR --corpus librispeech=DIR
On freely available speech, see configs/ss_aae/emodb_speakers.py.
To see that it runs, on synthetic speech: --smoke
"""

from pathlib import Path

import pandas as pd

import keras_ser as ser

CONFIG = Path(__file__).parents[1] / "configs" / "ss_aae" / "figure3.py"
QUICK = ("ss_aae_0", "ss_aae_600")

"""## More speakers, as many steps

The speakers of a smaller count are among those of a larger one, and their genders
alternate. Each labelled row has one unlabelled row next to it, however many speakers
there are, so that all systems train for as many steps.

A smoke test takes two of the five counts, with as many speakers as there are.
"""

options = ser.cli.run_options()
if options["smoke"] and not options["systems"]:
    options["systems"] = QUICK
folder = ser.run(CONFIG, **options)
print((folder / "report" / "report.md").read_text(encoding="utf-8"))

"""## Emotion, gender and speaker

The emotion is tested on speakers who do not train. A speaker can be recognised only
among those who train, so a tenth of the utterances of these is kept for the test of
speaker and gender. With more speakers, there are more names to choose from.
"""

for test_set, rows in ser.reports.by_test_set(folder).items():
    for system, own in rows.groupby("system"):
        score = ser.reports.uar_with_interval(own)
        print(f"{test_set}: emotion of {system}, UAR {score}")

runs = ser.reports.reading.read_runs(folder)
heard = pd.concat([run.heard for run in runs])
for (head, system), own in heard.groupby(["head", "system"]):
    accuracy = 100 * (own.truth == own.prediction).mean()
    print(f"{head} of {system}: {accuracy:.1f} % right, {own.truth.nunique()} names")
