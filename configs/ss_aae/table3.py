r"""SS-AAE by its secondary tasks: Table III of its paper.

Source: Rana et al., arXiv:1907.06078, section VI.A, Table III, leaving one speaker out.
Expected, UAR %: IEMOCAP / MSP-IMPROV: with gender 66.8 / 62.2, with speaker
    67.7 / 62.7, with both 68.5 / 63.8.

`aae_speaker` is the reference, because it is the better one of the two single tasks in
the paper. All other parts, and the unlabelled speech, are the same.

Preset `paper`: one row per window of 2.56 s and epoch, batches of 32, at most 100
epochs from learning rate 1e-3. The rate is halved after 5 epochs without progress, and
training stops after 20. The paper names no schedule. It repeats its folds ten times,
which is `--repeats 10`; the default is one. For a CPU, add `--preset small --set
features.seconds=1.28`: smaller networks, windows of 128 frames instead of 256, two rows
per utterance and epoch, batches of 16, 20 epochs.

Data: IEMOCAP and MSP-IMPROV, four classes.
    Unlabelled: LibriSpeech, of which the paper takes 500 speakers.
Command: keras-ser run configs/ss_aae/table3.py --corpus iemocap=DIR \
    --corpus msp_improv=DIR --corpus librispeech=DIR
"""

from keras_ser.experiments import RECIPES, Experiment, Features, ss_aae

NAMES = ("aae_gender", "aae_speaker", "ss_aae")
SYSTEMS = ss_aae(preset="paper")

config = Experiment(
    name="ss_aae_table3",
    corpus=("iemocap", "msp_improv"),
    labels="four",
    protocol="each_corpus",
    unlabelled_corpus="librispeech",
    corpus_options={"librispeech": {"trim": True}},
    systems={name: SYSTEMS[name] for name in NAMES},
    features=Features(front_end="Spectrogram", seconds=2.56),
    training=RECIPES["ss_aae"]["paper"],
    reference="aae_speaker",
    primary="ss_aae",
    published="ss_aae:3",
)
