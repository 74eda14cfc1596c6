r"""DenseNet, LSTM and highway layers within a corpus: Table 1 of their paper.

Source: Latif et al., Interspeech 2020, section 5.1, Table 1, leaving one speaker out.
Expected, UAR %: IEMOCAP / MSP-IMPROV: CNN 61.5 / 52.6, CNN-LSTM 62.1 / 53.1, DenseNet
    63.2 / 54.5, DenseNet-LSTM 63.5 / 55.6, proposed 64.1 / 56.2.

`densenet_highway` is the proposed network. No system is trained on augmented speech.
`cnn_lstm` is the reference, because it is the best network of the table that is
neither deep nor densely connected.

Preset `paper`: three rows per window of 2.56 s and epoch, batches of 32, at most 100
epochs from learning rate 1e-3. The rate is halved after 5 epochs without progress, and
training stops after 20. The paper makes ten repeats, which is `--repeats 10`; the
default is one. `--preset small` is for a CPU: smaller networks, two rows per utterance
and epoch, batches of 16, 20 epochs.

Data: IEMOCAP and MSP-IMPROV, four classes.
Command: keras-ser run configs/robust_densenet/table1.py --corpus iemocap=DIR \
    --corpus msp_improv=DIR
"""

from keras_ser.experiments import RECIPES, Experiment, Features, densenets

config = Experiment(
    name="densenet_table1",
    corpus=("iemocap", "msp_improv"),
    labels="four",
    protocol="each_corpus",
    systems=densenets(preset="paper"),
    features=Features(front_end="Spectrogram", seconds=2.56),
    training=RECIPES["robust_densenet"]["paper"],
    reference="cnn_lstm",
    primary="densenet_highway",
    published="robust_densenet:1",
)
