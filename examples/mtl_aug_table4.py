r"""MTL-AUG across languages, both directions: Table 4 of its paper.

Paper: Latif et al. 2022 (IEEE TAC), section 5.2.2. IEMOCAP (English) and EMO-DB
(German), four emotions. Each trains once and is tested once.
Cost: meant for a GPU. With `--preset small`: minutes per direction and system on one
    CPU thread.

Command: python examples/mtl_aug_table4.py --corpus iemocap=DIR --corpus emodb=DIR \
    --corpus librispeech=DIR
Other languages: --preset small --corpus ravdess=DIR --corpus emodb=DIR \
    --corpus librispeech=DIR
To see that it runs, on synthetic speech: --smoke
"""

from pathlib import Path

import keras_ser as ser

CONFIG = Path(__file__).parents[1] / "configs" / "mtl_aug" / "table4.py"

"""## Two directions are two tasks

The protocol makes one fold for each ordered pair of languages. The report keeps the
directions apart, because training and test speech swap roles. Training on the larger
corpus may help much on the smaller one, while the reverse may help little.
"""

folder = ser.run(CONFIG, **ser.cli.run_options())
print((folder / "report" / "report.md").read_text(encoding="utf-8"))

"""## Is it the language, or the speakers?

The pooled UAR (unweighted average recall) is printed with that of the hardest and that
of the easiest speaker. If these are far apart, a table of two languages says more about
a few speakers than about the languages.
"""

for test_set, rows in ser.reports.by_test_set(folder).items():
    for system, own in rows.groupby("system"):
        by_speaker = ser.scores.per_speaker_uar(own.truth, own.prediction, own.speaker)
        low, high = min(by_speaker.values()), max(by_speaker.values())
        print(
            f"{test_set}, {system}: {ser.reports.uar_with_interval(own)}, "
            f"speakers from {100 * low:.0f} to {100 * high:.0f}"
        )
