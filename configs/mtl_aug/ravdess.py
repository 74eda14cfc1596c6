r"""MTL-AUG against its baselines on RAVDESS, eight classes, six groups of four actors.

Source: Latif et al. 2022 (IEEE TAC), the systems of its Table 2; the paper has no
figure for this one.
`baseline` is model 4 of its Table 7; `baseline_augmented` is the same network on the
augmented rows of MTL-AUG, against which MTL-AUG is tested. `mtl_aug_librispeech` adds
one unlabelled row to each labelled one.

Preset `small`: encoder of 16, 32, 32 filters, two rows an utterance and epoch, at
most 20 epochs from learning rate 1e-3. All systems do the same number of updates.

Settings were chosen on RAVDESS (docs/studies/auxiliary_tasks.md), with four of its
classes and the same actors: these rows are less independent than EMO-DB's.

Data: RAVDESS speech, 1440 utterances; unlabelled, any part of LibriSpeech.
Cost, one CPU thread: about four times that of configs/mtl_aug/emodb.py.
Command: keras-ser run configs/mtl_aug/ravdess.py \
    --corpus ravdess=DIR --corpus librispeech=DIR
Results: docs/results.md
"""

from keras_ser import Experiment, Training
from keras_ser.experiments import NETWORKS

config = Experiment(
    name="ravdess_eight",
    corpus="ravdess",
    protocol="k_fold",
    protocol_arguments={"folds": 6},
    unlabelled="librispeech",
    systems=NETWORKS,
    training=Training(),
)
