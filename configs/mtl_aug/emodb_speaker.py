r"""MTL-AUG on EMO-DB, four classes, features normalised a speaker.

Source: Latif et al. 2022 (IEEE TAC), the systems of its Table 2.
As configs/mtl_aug/emodb.py, but each speaker's features are normalised by that
speaker's own utterances, the test speaker's too. That is transductive: it needs a
speaker's utterances, without labels, before the first is recognised.
`baseline` is model 4 of its Table 7; `baseline_augmented` is the same network on the
augmented rows of MTL-AUG, against which MTL-AUG is tested. `mtl_aug_librispeech` adds
one unlabelled row to each labelled one. `cnn_blstm_attention` and `cnn_attention` are
the rivals of its Tables 5 and 6, as we read them.

MTL-AUG and its baselines are preset `small`: encoder of 16, 32, 32 filters; two rows an
utterance and epoch, at most 20 epochs from learning rate 1e-3. All systems do the same
number of updates.

Data: EMO-DB (release of 2005), 339 utterances of anger, happiness, neutral, sadness;
    unlabelled, any part of LibriSpeech.
Cost, one CPU thread: minutes a fold: baseline 2, augmented 2, rivals 2 to 5,
    MTL-AUG 6, with LibriSpeech 15.
Command: keras-ser run configs/mtl_aug/emodb_speaker.py \
    --corpus emodb=DIR --corpus librispeech=DIR
Noise and attacks, without training again: keras-ser robustness \
    runs/emodb_four_speaker --corpus emodb=DIR --noise DIR --kinds all
Results: docs/results.md
"""

from keras_ser import Experiment, Features, Training
from keras_ser.experiments import NETWORKS, rivals

config = Experiment(
    name="emodb_four_speaker",
    corpus="emodb",
    labels="four",
    unlabelled="librispeech",
    systems={**NETWORKS, **rivals()},
    features=Features(normalise="speaker"),
    training=Training(),
)
