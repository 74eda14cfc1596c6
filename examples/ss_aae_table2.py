r"""SS-AAE, an autoencoder and a CNN within a corpus: Table II of the SS-AAE paper.

Paper: Rana et al., arXiv:1907.06078, section V.B. IEMOCAP and MSP-IMPROV, four
emotions, leaving one speaker out, with LibriSpeech as unlabelled speech. The two
emotional corpora need a licence from their publishers.

Command: python examples/ss_aae_table2.py --corpus iemocap=DIR \
    --corpus msp_improv=DIR --corpus librispeech=DIR
Another corpus: --preset small --set features.seconds=1.28 --corpus emodb=DIR \
    --corpus librispeech=DIR
To see that it runs, on synthetic speech: --smoke
"""

from pathlib import Path

import keras_ser as ser

CONFIG = Path(__file__).parents[1] / "configs" / "ss_aae" / "table2.py"

"""## Three networks, from supervised to adversarial

- `cnn_multi`: an encoder of two convolutions, each with ReLU and max pooling after it,
  and a classifier each for emotion, speaker and gender
- `ae_multi`: an encoder of three convolutions, the same classifiers, and a decoder that
  reconstructs the input from the encoder's output, which is the code
- `ss_aae`: the same, and a discriminator. The encoder learns to deceive it, so that the
  code is distributed like a Gaussian.

Unlabelled speech has no emotion but a speaker and a gender, so that even `cnn_multi`
learns from it. An utterance is recognised by the mean of the probabilities of its
windows.

These are the ten folds of the upper part of the table. The lower part has five, of a
session each: configs/ss_aae/table2_five_folds.py.
"""

folder = ser.run(CONFIG, **ser.cli.run_options())
print((folder / "report" / "report.md").read_text(encoding="utf-8"))

"""## What does each part add?

In the paper, SS-AAE lies three to five points of UAR (unweighted average recall) above
the CNN, and a step from one network to the next adds 0.7 to 2.9. It prints no spread.
What counts here is therefore the difference on the same utterances, and its interval.
Only the second step changes a single part: the CNN is also shallower than the encoder
of the others.
"""

STEPS = {
    "the decoder and a third convolution": ("ae_multi", "cnn_multi"),
    "the discriminator": ("ss_aae", "ae_multi"),
}

for test_set, rows in ser.reports.by_test_set(folder).items():
    systems = dict(list(rows.groupby("system")))
    for what, (more, less) in STEPS.items():
        if more in systems and less in systems:
            added = ser.reports.difference(systems[more], systems[less])
            print(f"{test_set}: {what} added {added.text} points of UAR")
