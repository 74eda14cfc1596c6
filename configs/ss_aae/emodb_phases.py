r"""One optimizer per phase, or one update of the whole sum: SS-AAE on EMO-DB.

Source: Rana et al., arXiv:1907.06078, section III.A, the three phases of a step.
Expected, UAR %: not available. The paper does not compare them.

In the paper, a step has three phases: reconstruction, regularisation, classification.
If each has an Adam of its own, α hardly matters, because Adam divides a gradient by its
size. `ss_aae_joint` therefore lowers α L_AE + L_c in a single update, in which α
counts, and updates discriminator and generator next to it. `ss_aae_three`, the
reference, is `ss_aae` of emodb.py.

Six folds were chosen before any of them ran, three men and three women: the first of
each by their number. The command below names them.

Preset `small`: smaller networks, random windows of 128 frames, two rows per utterance
and epoch, 20 epochs at learning rate 1e-3. Both systems see the same batches.

Data: EMO-DB (release of 2005), 339 utterances of anger, happiness, neutral, sadness.
    Unlabelled: RAVDESS speech and any part of LibriSpeech.
Command: keras-ser run configs/ss_aae/emodb_phases.py --corpus emodb=DIR \
    --corpus ravdess=DIR --corpus librispeech=DIR --folds 03,08,09,10,11,13
Results: docs/results.md
"""

from keras_ser.experiments import RECIPES, Experiment, Features, ss_aae

config = Experiment(
    name="emodb_ss_aae_phases",
    corpus="emodb",
    labels="four",
    unlabelled_corpus=("ravdess", "librispeech"),
    corpus_options={"librispeech": {"trim": True}},
    systems={
        f"ss_aae_{phases}": ss_aae(preset="small", phases=phases)["ss_aae"]
        for phases in ("three", "joint")
    },
    features=Features(
        front_end="Spectrogram",
        seconds=1.28,
        normalise="utterance",
        speech_db=60,
    ),
    training=RECIPES["ss_aae"]["small"],
    reference="ss_aae_three",
    primary="ss_aae_joint",
)
