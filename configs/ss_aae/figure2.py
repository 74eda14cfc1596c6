r"""One task against several: Figure 2 of the SS-AAE paper.

Source: Rana et al., arXiv:1907.06078, section V.A, Figure 2, leaving one speaker out.
Expected, UAR %: not available, because the paper only draws its bars. There, SS-AAE
    with several tasks is better than with one, and than the CNN and the autoencoder.

CNN, autoencoder and adversarial autoencoder, each with emotion alone (`…_single`) and
with speaker and gender as well. `aae_single`, the reference, differs from `ss_aae` by
the tasks and their weights only. The figure also has levels and clusters as targets:
`--set labels=valence_levels --set name=ss_aae_figure2_valence`, and so on for the
labels of Table IV.

Preset `paper`: one row per window of 2.56 s and epoch, batches of 32, at most 100
epochs from learning rate 1e-3. The rate is halved after 5 epochs without progress, and
training stops after 20. The paper names no schedule. It repeats its folds ten times,
which is `--repeats 10`; the default is one. For a CPU, add `--preset small --set
features.seconds=1.28`: smaller networks, windows of 128 frames instead of 256, two rows
per utterance and epoch, batches of 16, 20 epochs.

Data: IEMOCAP and MSP-IMPROV, four classes.
    Unlabelled: LibriSpeech, of which the paper takes 500 speakers.
Command: keras-ser run configs/ss_aae/figure2.py --corpus iemocap=DIR \
    --corpus msp_improv=DIR --corpus librispeech=DIR
"""

from keras_ser.experiments import RECIPES, Experiment, Features, ss_aae

NAMES = ("cnn_single", "cnn_multi", "ae_single", "ae_multi", "aae_single", "ss_aae")
SYSTEMS = ss_aae(preset="paper")

config = Experiment(
    name="ss_aae_figure2",
    corpus=("iemocap", "msp_improv"),
    labels="four",
    protocol="each_corpus",
    unlabelled_corpus="librispeech",
    corpus_options={"librispeech": {"trim": True}},
    systems={name: SYSTEMS[name] for name in NAMES},
    features=Features(front_end="Spectrogram", seconds=2.56),
    training=RECIPES["ss_aae"]["paper"],
    reference="aae_single",
    primary="ss_aae",
    published="ss_aae:figure 2",
)
