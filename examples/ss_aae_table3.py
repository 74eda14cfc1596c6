r"""Speaker, gender, or both as second tasks: Table III of the SS-AAE paper.

Paper: Rana et al., arXiv:1907.06078, section VI.A. IEMOCAP and MSP-IMPROV, four
emotions, leaving one speaker out, with LibriSpeech as unlabelled speech.

Command: python examples/ss_aae_table3.py --corpus iemocap=DIR \
    --corpus msp_improv=DIR --corpus librispeech=DIR
Another corpus: --preset small --set features.seconds=1.28 --corpus emodb=DIR \
    --corpus librispeech=DIR
To see that it runs, on synthetic speech: --smoke
"""

from pathlib import Path

import keras_ser as ser

CONFIG = Path(__file__).parents[1] / "configs" / "ss_aae" / "table3.py"

"""## One network, three sets of tasks

`aae_gender` and `aae_speaker` lack one classifier of `ss_aae`. Everything else is the
same, also the unlabelled speech. It has no emotion, so what it teaches is the second
tasks and the reconstruction.

A corpus with one utterance per speaker teaches the gender. There is little to learn
about a voice that is heard once.
"""

folder = ser.run(CONFIG, **ser.cli.run_options())
print((folder / "report" / "report.md").read_text(encoding="utf-8"))

"""## Do both tasks help more than one?

The paper prints two scores. Its unweighted accuracy is UAR (unweighted average recall),
in which each emotion counts alike. Its weighted accuracy is the share of utterances
that are right. They differ where emotions are not equally frequent.
"""

for test_set, rows in ser.reports.by_test_set(folder).items():
    systems = dict(list(rows.groupby("system")))
    for name, own in systems.items():
        weighted = 100 * (own.truth == own.prediction).mean()
        unweighted = ser.reports.uar_with_interval(own)
        print(f"{test_set}: {name} {weighted:.1f} weighted, {unweighted} unweighted")
    for alone in ("aae_gender", "aae_speaker"):
        if alone in systems and "ss_aae" in systems:
            gain = ser.reports.difference(systems["ss_aae"], systems[alone])
            print(f"{test_set}: both tasks against {alone}, {gain.text} points of UAR")
