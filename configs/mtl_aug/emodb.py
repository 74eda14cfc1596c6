"""MTL-AUG against its baseline on EMO-DB, four classes, leaving one speaker out.

Source: Latif et al. 2022 (IEEE TAC), the systems of its Table 2; the paper has no
within-corpus figure for EMO-DB, so that there is nothing to reproduce: the rows say
how the systems compare here. Baseline is model 4 of its Table 7.

Preset `small`: encoder of 16, 32, 32 filters, two rows an utterance and epoch, at
most 20 epochs from learning rate 1e-3. All systems do the same number of updates.

Data: EMO-DB (release of 2005), 339 utterances of anger, happiness, neutral, sadness.
Command: keras-ser run configs/mtl_aug/emodb.py --corpus emodb=DIR
Results: docs/results.md
"""

from keras_ser.config import Experiment, System, Training
from keras_ser.models import BASELINE

config = Experiment(
    name="emodb_four",
    corpus="emodb",
    labels="four",
    systems={
        "baseline": System(arguments=BASELINE, augment=()),
        "mtl_aug": System(objective={"center": 1e-3, "auxiliary": 0.3}),
    },
    training=Training(),
)
