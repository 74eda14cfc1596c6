r"""MTL-AUG in noise: Table 5 of its paper.

Paper: Latif et al. 2022 (IEEE TAC), section 5.3. Systems are trained on clean speech
and tested with noise of DEMAND at 0, 10 and 20 dB, on IEMOCAP, four emotions. Three
comparison models are in the table as well.
Cost: meant for a GPU. With `--preset small`: minutes per fold and system on one CPU
    thread.

Command: python examples/mtl_aug_table5.py --corpus iemocap=DIR --corpus demand=DIR \
    --corpus librispeech=DIR
Other speech and noise: --preset small --corpus emodb=DIR --corpus noise=DIR \
    --corpus librispeech=DIR
To see that it runs, on synthetic speech and noise: --smoke
"""

from pathlib import Path

import keras_ser as ser

CONFIG = Path(__file__).parents[1] / "configs" / "mtl_aug" / "table5.py"
RATIOS = ("20", "10", "0")

"""## The same noise for every system

The name of the utterance, the kind of noise and the ratio decide which clip is mixed
into the utterance, and where in the clip it starts. Every system, fold and process
therefore gets the same noise. The ratio refers to speech without its pauses. Nothing is
trained with noise, and the epoch is selected on clean development speech.
"""

folder = ser.run(CONFIG, **ser.cli.run_options())
print((folder / "report" / "report.md").read_text(encoding="utf-8"))

"""## What does noise cost?

A system that is better in noise may just be better everywhere. The score in noise is
therefore printed with its difference from the score on clean speech.
"""

noisy = {
    ratio: ser.reports.by_test_set(folder, f"noise:all:{ratio}") for ratio in RATIOS
}
for test_set, clean in ser.reports.by_test_set(folder).items():
    for system, quiet in clean.groupby("system"):
        print(f"{test_set}, {system}: clean {ser.reports.uar_with_interval(quiet)}")
        for ratio, by_test_set in noisy.items():
            loud = by_test_set[test_set]
            loud = loud[loud.system == system]
            change = ser.reports.difference(loud, quiet)
            print(
                f"  {ratio:>2} dB: {ser.reports.uar_with_interval(loud)}, change of "
                f"{change.text} points"
            )
