r"""SS-AAE in five folds: the lower part of Table II of its paper.

Source: Rana et al., arXiv:1907.06078, section V.B, Table II. A fold of IEMOCAP tests
    one of its five sessions, and another one selects the epoch. MSP-IMPROV has six
    sessions, so one of its folds tests two.
Expected, UAR %: IEMOCAP / MSP-IMPROV: SS-AAE 66.5 / 61.7. The other rows of this part
    are those of other papers.

The systems are those of table2.py, which tests one speaker per fold. The paper prints
only `ss_aae` here; `cnn_multi` is the reference.

Preset `paper`: one row per window of 2.56 s and epoch, batches of 32, at most 100
epochs from learning rate 1e-3. The rate is halved after 5 epochs without progress, and
training stops after 20. The paper names no schedule. It repeats its folds ten times,
which is `--repeats 10`; the default is one. For a CPU, add `--preset small --set
features.seconds=1.28`: smaller networks, windows of 128 frames instead of 256, two rows
per utterance and epoch, batches of 16, 20 epochs.

Data: IEMOCAP and MSP-IMPROV, four classes.
    Unlabelled: LibriSpeech, of which the paper takes 500 speakers.
Command: keras-ser run configs/ss_aae/table2_five_folds.py --corpus iemocap=DIR \
    --corpus msp_improv=DIR --corpus librispeech=DIR
"""

from keras_ser.experiments import RECIPES, Experiment, Features, ss_aae

NAMES = ("cnn_multi", "ae_multi", "ss_aae")
SYSTEMS = ss_aae(preset="paper")

config = Experiment(
    name="ss_aae_table2_five_folds",
    corpus=("iemocap", "msp_improv"),
    labels="four",
    protocol="each_corpus",
    protocol_arguments={"protocol": "k_fold", "arguments": {"folds": 5}},
    unlabelled_corpus="librispeech",
    corpus_options={"librispeech": {"trim": True}},
    systems={name: SYSTEMS[name] for name in NAMES},
    features=Features(front_end="Spectrogram", seconds=2.56),
    training=RECIPES["ss_aae"]["paper"],
    reference="cnn_multi",
    primary="ss_aae",
    published="ss_aae:2 (five folds)",
)
