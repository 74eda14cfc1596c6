r"""MTL-AUG against its baselines on RAVDESS, eight classes, six groups of four actors.

Source: Latif et al. 2022 (IEEE TAC), the systems of its Table 2.
Expected, UAR %: not available. The paper has no figure for this corpus.

`baseline` is model 4 of its Table 7. `baseline_augmented` is the same network on the
augmented rows of MTL-AUG, and the reference that MTL-AUG is compared with.
`mtl_aug_librispeech` adds one unlabelled row per labelled row.

Preset `small`: an encoder of 16, 32, 32 filters, two rows per utterance and epoch,
20 epochs at learning rate 1e-3. All systems make the same number of updates.

The settings were chosen on RAVDESS (docs/studies/readouts.md and reference.md), on four
of its classes and the same actors. These rows are therefore less independent than those
of EMO-DB.

Data: RAVDESS speech, 1440 utterances. Unlabelled: any part of LibriSpeech.
Cost, on one CPU thread: about four times that of configs/mtl_aug/emodb.py.
Command: keras-ser run configs/mtl_aug/ravdess.py \
    --corpus ravdess=DIR --corpus librispeech=DIR
Results: not run yet
"""

from keras_ser import Experiment, Training
from keras_ser.experiments import NETWORKS

config = Experiment(
    name="ravdess_eight",
    corpus="ravdess",
    protocol="k_fold",
    protocol_arguments={"folds": 6},
    unlabelled_corpus="librispeech",
    systems=NETWORKS,
    training=Training(),
    primary="mtl_aug",
)
