r"""SS-AAE against a CNN and an autoencoder: Table II of its paper, ten folds.

Source: Rana et al., arXiv:1907.06078, section V.B, Table II, leaving one speaker out.
    The partner in the session selects the epoch. On IEMOCAP these are the paper's ten
    folds; the twelve speakers of MSP-IMPROV make twelve.
Expected, UAR %: IEMOCAP / MSP-IMPROV: CNN 65.6 / 59.3, AE 66.3 / 60.9, SS-AAE
    68.5 / 63.8.

All of them recognise emotion, speaker and gender, and train on unlabelled speech.
`cnn_multi`, the reference, learns from its labels only, and has two convolutions, each
with ReLU and max pooling after it. `ae_multi` adds a third convolution and a decoder,
and `ss_aae` a discriminator.

Preset `paper`: one row per window of 2.56 s and epoch, batches of 32, at most 100
epochs from learning rate 1e-3. The rate is halved after 5 epochs without progress, and
training stops after 20. The paper names no schedule. It repeats its folds ten times,
which is `--repeats 10`; the default is one. For a CPU, add `--preset small --set
features.seconds=1.28`: smaller networks, windows of 128 frames instead of 256, two rows
per utterance and epoch, batches of 16, 20 epochs.

Data: IEMOCAP and MSP-IMPROV, four classes.
    Unlabelled: LibriSpeech, of which the paper takes 500 speakers.
Command: keras-ser run configs/ss_aae/table2.py --corpus iemocap=DIR \
    --corpus msp_improv=DIR --corpus librispeech=DIR
"""

from keras_ser.experiments import RECIPES, Experiment, Features, ss_aae

NAMES = ("cnn_multi", "ae_multi", "ss_aae")
SYSTEMS = ss_aae(preset="paper")

config = Experiment(
    name="ss_aae_table2",
    corpus=("iemocap", "msp_improv"),
    labels="four",
    protocol="each_corpus",
    unlabelled_corpus="librispeech",
    corpus_options={"librispeech": {"trim": True}},
    systems={name: SYSTEMS[name] for name in NAMES},
    features=Features(front_end="Spectrogram", seconds=2.56),
    training=RECIPES["ss_aae"]["paper"],
    reference="cnn_multi",
    primary="ss_aae",
    published="ss_aae:2",
)
