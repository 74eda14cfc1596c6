r"""Attributes in the wild: the 46 models of Tables 2 and 3 of the paper.

Source: Parry et al., Interspeech 2022, section 5, Tables 2 and 3.
Expected, UAR %: TESS / CREMA-D: baseline 49.5 / 52.2; gradient reversal from the
    language 50.1 / 53.9, from speaker and language 55.5 / 53.2; multi-task with all
    four attributes 49.2 / 51.5. In domain: baseline 59.3.

Six corpora train, and TESS and CREMA-D are tested as a whole. Within the six, a tenth
of the speakers is tested and another tenth selects the epoch. The ten folds test each
speaker of the six once; the paper has a single division, which is `--folds
emodb+emovo+epst+iemocap+ravdess+savee-crema_d+tess-1`.

Each system is the same CNN-LSTM. `baseline` learns the emotion alone. `mtl_…` has heads
that learn attributes, `gr_…` the same heads behind gradient reversal, and `ad_…`
discriminators of the emotion's posterior. The primary comparison is that of
`gr_speaker_language`, the best of the paper on TESS, with `baseline`.

The classes are negative, neutral and positive. The paper prints its map for CREMA-D
only; the label set "three" is the map here, and a run prints it for each corpus.

Preset `paper`: SGD with momentum 0.9 at 2e-3, at most 150 epochs, the epoch with the
best UAR of the development speakers. Under gradient reversal, the weight α of the
attributes rises from 0 to 0.5, and no epoch below 0.4 of that can be selected. For a
CPU, add `--preset small`: a quarter of the units, and 30 epochs at ten times the rate.

Data: CREMA-D, EMO-DB, EMOVO, EPST, IEMOCAP, RAVDESS, SAVEE and TESS.
Command: keras-ser run configs/in_the_wild/paper.py --corpus crema_d=DIR \
    --corpus emodb=DIR --corpus emovo=DIR --corpus epst=DIR --corpus iemocap=DIR \
    --corpus ravdess=DIR --corpus savee=DIR --corpus tess=DIR
"""

from keras_ser.experiments import RECIPES, Experiment, Features, in_the_wild

TRAIN = ("emodb", "emovo", "epst", "iemocap", "ravdess", "savee")

config = Experiment(
    name="in_the_wild",
    corpus=(*TRAIN, "crema_d", "tess"),
    labels="three",
    protocol="held_out_corpora",
    protocol_arguments={"train": TRAIN, "groups": 10},
    systems=in_the_wild(preset="paper"),
    features=Features(front_end="FilterBank", normalise="utterance_std"),
    training=RECIPES["in_the_wild"]["paper"],
    reference="baseline",
    primary="gr_speaker_language",
    probes=("corpus", "gender", "language"),
    published="in_the_wild:2+3+section 5",
)
