r"""Attributes in the wild on freely available speech: TESS after three corpora.

Source: Parry et al., Interspeech 2022, section 5, Tables 2 and 3, with three of its six
    training corpora and one of its two test corpora.
Expected, UAR % on TESS: baseline 49.5; gradient reversal from speaker and language
    55.5, the best of the paper; multi-task with the gender 35.1, one of the worst.

EMO-DB, RAVDESS and EMOVO train: German, English and Italian. Corpus and language would
be one variable, so heads of attributes also learn from LibriSpeech, which is English
too. The emotion does not. Two of 18 rows of a batch are LibriSpeech's.

Each system is the same CNN-LSTM. `baseline` learns the emotion alone. `mtl_…` has heads
that learn attributes, `gr_…` the same heads behind gradient reversal, and `ad_…`
discriminators of the emotion's posterior. The primary comparison is that of
`gr_speaker_language`, the best of the paper on TESS, with `baseline`.

Within the three corpora, a tenth of the speakers is tested and another tenth selects
the epoch. The ten folds test each speaker once. Each is also another training for TESS,
with other training speakers and another seed. The command runs the first three in which
a speaker of EMOVO is tested; they were chosen before any of them ran.

A tenth of the utterances of each training speaker is not trained on. On these, a probe
looks for the speaker in the embeddings. It looks for the other attributes in those of
test speakers.

Preset `small`: a quarter of the units, the mean over the steps of the BLSTM, and 30
epochs at 2e-2 instead of 150 at 2e-3 (docs/studies/in_the_wild.md). The epoch with the
best UAR of the development speakers is tested. Under gradient reversal, the weight α of
the attributes rises from 0 to 0.5, and no epoch below 0.4 of that can be selected.

Data: EMO-DB (release of 2005), RAVDESS speech, EMOVO, and TESS or a part of it.
    Unlabelled: LibriSpeech, one utterance of each of 251 speakers.
Command: keras-ser run configs/in_the_wild/tess.py --corpus emodb=DIR \
    --corpus emovo=DIR --corpus ravdess=DIR --corpus tess=DIR \
    --corpus librispeech=DIR --folds emodb+emovo+ravdess-tess-1,\
    emodb+emovo+ravdess-tess-2,emodb+emovo+ravdess-tess-4
"""

from keras_ser.experiments import RECIPES, Experiment, Features, in_the_wild

TRAIN = ("emodb", "emovo", "ravdess")

config = Experiment(
    name="tess_in_the_wild",
    corpus=(*TRAIN, "tess"),
    labels="three",
    protocol="held_out_corpora",
    protocol_arguments={"train": TRAIN, "groups": 10},
    unlabelled_corpus="librispeech",
    corpus_options={"librispeech": {"trim": True}},
    systems=in_the_wild(use_unlabelled=True, preset="small"),
    features=Features(front_end="FilterBank", normalise="utterance_std"),
    training=RECIPES["in_the_wild"]["small"],
    heard_fraction=0.1,
    reference="baseline",
    primary="gr_speaker_language",
    probes=("corpus", "speaker", "gender", "language"),
    published="in_the_wild:2+3+section 5",
)
