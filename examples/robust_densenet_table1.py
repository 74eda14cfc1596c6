r"""Is a deep, densely connected network better? Table 1 of the DenseNet paper.

Paper: Latif et al., Interspeech 2020, section 5.1. IEMOCAP and MSP-IMPROV, four
emotions, leaving one speaker out, without augmentation. Both corpora need a licence
from their publishers.

Command: python examples/robust_densenet_table1.py --corpus iemocap=DIR \
    --corpus msp_improv=DIR
Another corpus: --preset small --corpus ravdess=DIR
To see that it runs, on synthetic speech: --smoke
"""

from pathlib import Path

import keras_ser as ser

CONFIG = Path(__file__).parents[1] / "configs" / "robust_densenet" / "table1.py"

"""## Five networks, from shallow to deep

- `cnn`: three convolutions, a mean over time and a dense layer
- `cnn_lstm`: the same convolutions and an LSTM
- `densenet`: three dense blocks, in which each layer reads all earlier ones
- `densenet_lstm`: the same blocks and an LSTM
- `densenet_highway`: the proposed network. It has two wider blocks and an LSTM. What
  both blocks find joins the LSTM's output in highway layers.

All of them read windows of 2.56 s of the spectrogram. An utterance is recognised by the
mean of the probabilities of its windows.
"""

folder = ser.run(CONFIG, **ser.cli.run_options())
print((folder / "report" / "report.md").read_text(encoding="utf-8"))

"""## From one network to the next

The paper's networks lie less than three points apart on IEMOCAP, with standard
deviations over repeats of 1.3 to 2.3 points of UAR (unweighted average recall). What
counts is therefore the difference on the same utterances, and its interval. A step in
which an LSTM is added says nothing about depth. The step from `cnn_lstm` to
`densenet_lstm` changes the encoder alone.
"""

STEPS = {
    "an LSTM after shallow convolutions": ("cnn_lstm", "cnn"),
    "an LSTM after dense blocks": ("densenet_lstm", "densenet"),
    "dense blocks, with an LSTM": ("densenet_lstm", "cnn_lstm"),
    "skip connections and highway": ("densenet_highway", "densenet_lstm"),
}

for test_set, rows in ser.reports.by_test_set(folder).items():
    systems = dict(list(rows.groupby("system")))
    for what, (more, less) in STEPS.items():
        if more in systems and less in systems:
            added = ser.reports.difference(systems[more], systems[less])
            print(f"{test_set}: {what} added {added.text} points of UAR")
