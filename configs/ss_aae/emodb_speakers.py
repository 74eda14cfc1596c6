r"""SS-AAE on EMO-DB by the number of auxiliary speakers.

Source: Rana et al., arXiv:1907.06078, section VI.B, the curves of its Figure 3.
Expected, %: not available. The paper draws its curves, and not for EMO-DB.

The auxiliary speakers are 0, 8 and all 24 actors of RAVDESS, women and men alike. The
8 are among the 24. `ss_aae_0`, the reference, trains on EMO-DB alone.

A tenth of the utterances of each training speaker is not trained on. On these, the
accuracy of the speaker and gender heads is measured, because nobody can recognise a
speaker who is not in the training speech. With more auxiliary speakers, the speaker
head has more names to choose from, so its accuracies are not those of one task.

Preset `small`: smaller networks, random windows of 128 frames, two rows per utterance
and epoch, 20 epochs at learning rate 1e-3. All systems make the same number of updates.

Data: EMO-DB (release of 2005), 339 utterances of anger, happiness, neutral, sadness.
    Unlabelled: RAVDESS speech.
Command: keras-ser run configs/ss_aae/emodb_speakers.py --corpus emodb=DIR \
    --corpus ravdess=DIR
Results: docs/results.md
"""

from keras_ser.experiments import RECIPES, Experiment, Features, ss_aae_speakers

config = Experiment(
    name="emodb_ss_aae_speakers",
    corpus="emodb",
    labels="four",
    unlabelled_corpus="ravdess",
    systems=ss_aae_speakers(preset="small"),
    features=Features(
        front_end="Spectrogram",
        seconds=1.28,
        normalise="utterance",
        speech_db=60,
    ),
    training=RECIPES["ss_aae"]["small"],
    heard_fraction=0.1,
    reference="ss_aae_0",
    primary="ss_aae_24",
)
