r"""MTL-AUG against its baselines on EMO-DB, seven classes, leaving one speaker out.

Source: Latif et al. 2022 (IEEE TAC), the systems of its Table 2.
Expected, UAR %: not available. The paper has no figure for this corpus and label set.

`baseline` is model 4 of its Table 7. `baseline_augmented` is the same network on the
augmented rows of MTL-AUG, and the reference that MTL-AUG is compared with.
`mtl_aug_librispeech` adds one unlabelled row per labelled row.

Preset `small`: an encoder of 16, 32, 32 filters, two rows per utterance and epoch,
20 epochs at learning rate 1e-3. All systems make the same number of updates.

Data: EMO-DB (release of 2005), all 535 utterances. Unlabelled: any part of
    LibriSpeech.
Cost, on one CPU thread: about 1.6 times that of configs/mtl_aug/emodb.py.
Command: keras-ser run configs/mtl_aug/emodb_seven.py \
    --corpus emodb=DIR --corpus librispeech=DIR
Results: docs/results.md
"""

from keras_ser import Experiment, Training
from keras_ser.experiments import NETWORKS

config = Experiment(
    name="emodb_seven",
    corpus="emodb",
    unlabelled_corpus="librispeech",
    systems=NETWORKS,
    training=Training(),
    primary="mtl_aug",
)
