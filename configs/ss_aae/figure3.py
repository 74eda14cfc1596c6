r"""SS-AAE by the number of auxiliary speakers: Figure 3 of its paper.

Source: Rana et al., arXiv:1907.06078, section VI.B, Figure 3, leaving one speaker out.
    The paper takes 500 speakers of LibriSpeech for its tables, but its curves go on
    beyond 600. 500 speakers of train-clean-360 and the 251 of train-clean-100 allow the
    counts here, up to 750.
Expected, %: not available, because the paper only draws its curves. There, up
    to 600 speakers help emotion, gender and speaker, and more do not.

The speakers of a smaller count are among those of a larger one. A tenth of the
utterances of each training speaker is not trained on. On these, the accuracy of the
speaker and gender heads is measured, because nobody can recognise a speaker who is not
in the training speech. The paper measures them in networks with a single task; here,
they are those of `ss_aae`. `ss_aae_0`, the reference, has no auxiliary speakers, and
`ss_aae_600` is where the paper sees the plateau begin.

Preset `paper`: one row per window of 2.56 s and epoch, batches of 32, at most 100
epochs from learning rate 1e-3. The rate is halved after 5 epochs without progress, and
training stops after 20. The paper names no schedule. It repeats its folds ten times,
which is `--repeats 10`; the default is one. For a CPU, add `--preset small --set
features.seconds=1.28`: smaller networks, windows of 128 frames instead of 256, two rows
per utterance and epoch, batches of 16, 20 epochs.

Data: IEMOCAP and MSP-IMPROV, four classes.
    Unlabelled: LibriSpeech, of which the paper takes 500 speakers.
Command: keras-ser run configs/ss_aae/figure3.py --corpus iemocap=DIR \
    --corpus msp_improv=DIR --corpus librispeech=DIR
"""

from keras_ser.experiments import RECIPES, Experiment, Features, ss_aae_speakers

COUNTS = (0, 200, 400, 600, 750)

config = Experiment(
    name="ss_aae_figure3",
    corpus=("iemocap", "msp_improv"),
    labels="four",
    protocol="each_corpus",
    unlabelled_corpus="librispeech",
    corpus_options={"librispeech": {"trim": True}},
    systems=ss_aae_speakers(COUNTS, preset="paper"),
    features=Features(front_end="Spectrogram", seconds=2.56),
    training=RECIPES["ss_aae"]["paper"],
    heard_fraction=0.1,
    reference="ss_aae_0",
    primary="ss_aae_600",
    published="ss_aae:figure 3",
)
