r"""MTL-AUG across languages, both directions: Table 4 of its paper.

Paper: Latif et al. 2022 (IEEE TAC), section 5.2.2. IEMOCAP (English) and EMO-DB
(German), four emotions; each trains once and is tested once.
Cost: for a GPU; with `--preset small` minutes a direction and system on a CPU thread.

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

The protocol makes a fold of each ordered pair of languages. The report keeps them
apart, as training speech and test speech change places: the larger corpus may teach
the smaller one much, and learn little from it.
"""

folder = ser.run(CONFIG, **ser.cli.run_options())
print((folder / "report" / "report.md").read_text(encoding="utf-8"))

"""## Is it the language, or the speakers?

Beside the pooled UAR stands that of the easiest and of the hardest speaker: where
they lie far apart, a table of two languages is a table of few speakers.
"""

for place, rows in ser.reports.by_test_set(folder).items():
    for system, own in rows.groupby("system"):
        by_speaker = ser.scores.per_speaker_uar(own.truth, own.prediction, own.speaker)
        low, high = min(by_speaker.values()), max(by_speaker.values())
        print(
            f"{place}, {system}: {ser.reports.uar_with_interval(own)}, "
            f"speakers from {100 * low:.0f} to {100 * high:.0f}"
        )
