r"""Attributes in the wild: each of three corpora is left out of the training in turn.

Source: Parry et al., Interspeech 2022. The paper always trains on the same six corpora
    and has no such table.
Expected: not available.

EMO-DB, RAVDESS and EMOVO are tested one after the other, as a whole, after training on
the other two. Heads of the gender also learn from LibriSpeech. The systems are the
baseline and the three ways to use the gender, the attribute that all corpora share.

A fifth of the speakers of each training corpus selects the epoch. The primary
comparison is that of `gr_gender` with `baseline`.

Preset `small`: a quarter of the units, the mean over the steps of the BLSTM, and 30
epochs at 2e-2 instead of 150 at 2e-3 (docs/studies/in_the_wild.md). Under gradient
reversal, the weight α of the gender rises from 0 to 0.5, and no epoch below 0.4 of that
can be selected.

Data: EMO-DB (release of 2005), RAVDESS speech and EMOVO.
    Unlabelled: LibriSpeech, one utterance of each of 251 speakers.
Command: keras-ser run configs/in_the_wild/left_out.py --corpus emodb=DIR \
    --corpus emovo=DIR --corpus ravdess=DIR --corpus librispeech=DIR --repeats 3
"""

from keras_ser.experiments import RECIPES, Experiment, Features, in_the_wild

config = Experiment(
    name="left_out_in_the_wild",
    corpus=("emodb", "emovo", "ravdess"),
    labels="three",
    protocol="leave_one_corpus_out",
    unlabelled_corpus="librispeech",
    corpus_options={"librispeech": {"trim": True}},
    systems=in_the_wild([["gender"]], use_unlabelled=True, preset="small"),
    features=Features(front_end="FilterBank", normalise="utterance_std"),
    training=RECIPES["in_the_wild"]["small"],
    reference="baseline",
    primary="gr_gender",
    probes=("corpus", "gender"),
)
