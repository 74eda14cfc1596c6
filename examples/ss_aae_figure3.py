r"""How many speakers without emotions help? Figure 3 of the SS-AAE paper.

Paper: Rana et al., arXiv:1907.06078, section VI.B. IEMOCAP and MSP-IMPROV, four
emotions, leaving one speaker out, with up to 750 speakers of LibriSpeech.

Command: python examples/ss_aae_figure3.py --corpus iemocap=DIR \
    --corpus msp_improv=DIR --corpus librispeech=DIR
On freely available speech, see configs/ss_aae/emodb_speakers.py.
To see that it runs, on synthetic speech: --smoke
"""

from pathlib import Path

import keras_ser as ser

CONFIG = Path(__file__).parents[1] / "configs" / "ss_aae" / "figure3.py"
QUICK = ("ss_aae_0", "ss_aae_600")

"""## More speakers, the same steps per epoch

The speakers of a smaller count are among those of a larger one, and their genders
alternate. Each labelled row has one unlabelled row next to it, however many speakers
there are; with 0 speakers it has none. An epoch therefore has the same number of steps
for all systems. With the preset `paper`, a training stops after 20 epochs without
progress, so that the number of epochs may differ.

A smoke test takes two of the five counts, with as many speakers as there are.
"""

options = ser.cli.run_options()
if options["smoke"] and not options["systems"]:
    options["systems"] = QUICK
folder = ser.run(CONFIG, **options)
report = (folder / "report" / "report.md").read_text(encoding="utf-8")
print(report)

"""## Emotion, gender and speaker

The emotion is tested on speakers who do not train. A speaker can be recognised only
among those who train, so a tenth of the utterances of these is kept for the test of
speaker and gender. The report has their scores as "Attributes": the mean over folds,
separately for each corpus. The rows of IEMOCAP and MSP-IMPROV show whether more
speakers help, because their utterances are the same for all systems. A system that
trains on more speakers has more names to choose from, in these rows as well.
"""

for test_set, rows in ser.reports.by_test_set(folder).items():
    for system, own in rows.groupby("system"):
        score = ser.reports.uar_with_interval(own)
        print(f"{test_set}: emotion of {system}, UAR {score}")

_, title, rest = report.partition("## Attributes\n")
attributes, _, _ = rest.partition("\n## ")
print(title + attributes)
