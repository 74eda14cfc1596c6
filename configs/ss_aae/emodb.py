r"""SS-AAE on EMO-DB, four classes, leaving one speaker out.

Source: Rana et al., arXiv:1907.06078, the systems of its Tables II and III and of its
    Figure 2, and MTL-AUG (Latif et al. 2022) on the same features.
Expected, UAR %: not available. The paper has no figure for EMO-DB.

The paper says that learning speaker and gender next to emotion helps. The primary
comparison is therefore that of `ss_aae` with `aae_single`, the same network on the same
unlabelled speech with emotion as its only task. The other rows are secondary: they
lack one of the two tasks (`aae_gender`, `aae_speaker`), the discriminator (`ae_…`), or
the decoder too (`cnn_…`). The CNNs also have two convolutions instead of three, each
with ReLU and max pooling after it.

EMO-DB's speakers are few, so the speaker head also learns from RAVDESS: 24 actors with
60 utterances each. A part of LibriSpeech may have a single utterance per speaker. It
then teaches the gender head and the reconstruction, but hardly the speaker head.

The level of RAVDESS lies about two standard deviations below that of EMO-DB in every
band, so that each utterance is normalised by its own mean. This removes the level of
EMO-DB's utterances, which says something about their emotion, for all systems alike.

Preset `small`: smaller networks, random windows of 128 frames, two rows per utterance
and epoch, 20 epochs at learning rate 1e-3. All systems make the same number of updates.

Data: EMO-DB (release of 2005), 339 utterances of anger, happiness, neutral, sadness.
    Unlabelled: RAVDESS speech and any part of LibriSpeech.
Command: keras-ser run configs/ss_aae/emodb.py --corpus emodb=DIR \
    --corpus ravdess=DIR --corpus librispeech=DIR
Results: docs/results.md
"""

from keras_ser.experiments import RECIPES, Experiment, Features, networks, ss_aae

NETWORKS = networks(preset="small")

config = Experiment(
    name="emodb_ss_aae",
    corpus="emodb",
    labels="four",
    unlabelled_corpus=("ravdess", "librispeech"),
    corpus_options={"librispeech": {"trim": True}},
    systems={
        **ss_aae(preset="small"),
        "baseline_augmented": NETWORKS["baseline_augmented"],
        "mtl_aug": NETWORKS["mtl_aug"],
    },
    features=Features(
        front_end="Spectrogram",
        seconds=1.28,
        normalise="utterance",
        speech_db=60,
    ),
    training=RECIPES["ss_aae"]["small"],
    reference="aae_single",
    primary="ss_aae",
)
