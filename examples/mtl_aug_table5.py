r"""MTL-AUG in noise: Table 5 of its paper.

Paper: Latif et al. 2022 (IEEE TAC), section 5.3. Trained on clean speech, tested with
noise at 0, 10 and 20 dB beside two rivals; IEMOCAP, four emotions; DEMAND.
Cost: for a GPU; with `--preset small` minutes a fold and system on a CPU thread.

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

Which clip is mixed into an utterance, and where it begins, follows from the
utterance's name, the kind of noise and the ratio: every system, fold and process
hears the same. The ratio is that of speech without its pauses. Nothing is trained
with noise; the epoch was chosen on clean development speech.
"""

folder = ser.run(CONFIG, **ser.cli.run_options())
print((folder / "report" / "report.md").read_text(encoding="utf-8"))

"""## What does noise take?

A system that is better in noise may just be better: beside the score stands what is
left of the clean one.
"""

noisy = {
    ratio: ser.reports.by_test_set(folder, f"noise:all:{ratio}") for ratio in RATIOS
}
for place, clean in ser.reports.by_test_set(folder).items():
    for system, quiet in clean.groupby("system"):
        print(f"{place}, {system}: clean {ser.reports.uar_with_interval(quiet)}")
        for ratio, places in noisy.items():
            loud = places[place][places[place].system == system]
            lost = ser.reports.difference(loud, quiet)
            print(
                f"  {ratio:>2} dB: {ser.reports.uar_with_interval(loud)}, {lost.text}"
            )
