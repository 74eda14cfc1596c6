r"""SS-AAE on levels of valence: Table IV of its paper.

Source: Rana et al., arXiv:1907.06078, section VI.A, Table IV, leaving one speaker out.
    Its Table I divides the ratings, from 1 to 5, into three levels.
Expected, %: IEMOCAP / MSP-IMPROV: with gender 63.0 / 55.6, with speaker 64.0 / 56.8,
    with both 64.8 / 58.0. The paper does not say whether this is UAR or accuracy.

The systems are those of table3.py. The table has four targets, each with a config of
its own: table4.py, table4_valence.py, table4_clusters_3.py and table4_clusters_5.py.

Preset `paper`: one row per window of 2.56 s and epoch, batches of 32, at most 100
epochs from learning rate 1e-3. The rate is halved after 5 epochs without progress, and
training stops after 20. The paper names no schedule. It repeats its folds ten times,
which is `--repeats 10`; the default is one. For a CPU, add `--preset small --set
features.seconds=1.28`: smaller networks, windows of 128 frames instead of 256, two rows
per utterance and epoch, batches of 16, 20 epochs.

Data: IEMOCAP and MSP-IMPROV, three levels of valence.
    Unlabelled: LibriSpeech, of which the paper takes 500 speakers.
Command: keras-ser run configs/ss_aae/table4_valence.py --corpus iemocap=DIR \
    --corpus msp_improv=DIR --corpus librispeech=DIR
"""

from keras_ser.experiments import RECIPES, Experiment, Features, ss_aae

NAMES = ("aae_gender", "aae_speaker", "ss_aae")
SYSTEMS = ss_aae(preset="paper")

config = Experiment(
    name="ss_aae_table4_valence",
    corpus=("iemocap", "msp_improv"),
    labels="valence_levels",
    protocol="each_corpus",
    unlabelled_corpus="librispeech",
    corpus_options={"librispeech": {"trim": True}},
    systems={name: SYSTEMS[name] for name in NAMES},
    features=Features(front_end="Spectrogram", seconds=2.56),
    training=RECIPES["ss_aae"]["paper"],
    reference="aae_speaker",
    primary="ss_aae",
    published="ss_aae:4 (valence)",
)
