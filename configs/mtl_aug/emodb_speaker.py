r"""MTL-AUG on EMO-DB, four classes, features normalised by speaker.

Source: Latif et al. 2022 (IEEE TAC), the systems of its Table 2.
Expected, UAR %: not available. The paper has no within-corpus figure for EMO-DB.

The difference from configs/mtl_aug/emodb.py is that the features of each speaker are
normalised by the speaker's own utterances, including those of the test speaker. This
is transductive: it needs a speaker's utterances, without labels, before the first one
is recognised.

`baseline` is model 4 of its Table 7. `baseline_augmented` is the same network on the
augmented rows of MTL-AUG, and the reference that MTL-AUG is compared with.
`mtl_aug_librispeech` adds one unlabelled row per labelled row. `cnn_blstm_attention`
and `cnn_attention` are comparison models of its Tables 5 and 6, as we read them.
`densenet_highway_both` is the third, the network of Latif et al., Interspeech 2020, on
the features of this experiment.

MTL-AUG and its baselines have preset `small`: an encoder of 16, 32, 32 filters, two
rows per utterance and epoch, 20 epochs at learning rate 1e-3. All systems make the same
number of updates.

Data: EMO-DB (release of 2005), 339 utterances of anger, happiness, neutral, sadness.
    Unlabelled: any part of LibriSpeech.
Cost, minutes per fold on one CPU thread: baseline 2, augmented 2, comparison models 2
    to 5, MTL-AUG 6, with LibriSpeech 15.
Command: keras-ser run configs/mtl_aug/emodb_speaker.py \
    --corpus emodb=DIR --corpus librispeech=DIR
Noise and attacks, without training again:
    keras-ser robustness runs/emodb_four_speaker --corpus emodb=DIR \
    --noise DIR --kinds all
Results: docs/results.md
"""

from keras_ser import Experiment, Features, Training
from keras_ser.experiments import NETWORKS, comparison_models

config = Experiment(
    name="emodb_four_speaker",
    corpus="emodb",
    labels="four",
    unlabelled_corpus="librispeech",
    systems={**NETWORKS, **comparison_models()},
    features=Features(normalise="speaker"),
    training=Training(),
    primary="mtl_aug",
)
