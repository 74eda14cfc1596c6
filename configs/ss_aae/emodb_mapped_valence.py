r"""SS-AAE on EMO-DB, two levels of valence that follow from the emotion.

Source: Rana et al., arXiv:1907.06078, section VI.A, Table IV, with other targets.
Expected, UAR %: not available. The paper has no figure for EMO-DB.

EMO-DB has no ratings of activation and valence. Its emotions are mapped to positive and
negative valence instead, as Schuller et al. (2010) did across corpora. Such a target
says less than a rating: all utterances of an emotion have the same level. The classes
are called "mapped" for this reason. emodb_mapped.py has activation.

The primary comparison is that of `ss_aae` with `aae_single`, as in emodb.py.

Preset `small`: smaller networks, random windows of 128 frames, two rows per utterance
and epoch, 20 epochs at learning rate 1e-3. All systems make the same number of updates.

Data: EMO-DB (release of 2005), all emotions.
    Unlabelled: RAVDESS speech and any part of LibriSpeech.
Command: keras-ser run configs/ss_aae/emodb_mapped_valence.py --corpus emodb=DIR \
    --corpus ravdess=DIR --corpus librispeech=DIR
Results: docs/results.md
"""

from keras_ser.experiments import RECIPES, Experiment, Features, ss_aae

NAMES = ("aae_single", "aae_gender", "aae_speaker", "ss_aae")
SYSTEMS = ss_aae(preset="small")

config = Experiment(
    name="emodb_ss_aae_mapped_valence",
    corpus="emodb",
    labels="mapped_valence",
    unlabelled_corpus=("ravdess", "librispeech"),
    corpus_options={"librispeech": {"trim": True}},
    systems={name: SYSTEMS[name] for name in NAMES},
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
