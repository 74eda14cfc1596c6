r"""Ablation of MTL-AUG on EMO-DB, four classes, leaving one speaker out.

Source: Latif et al. 2022 (IEEE TAC), the models of its Table 7.
Expected, UAR %: not available. The paper has no within-corpus figure for EMO-DB.

This is part of the experiment of configs/mtl_aug/emodb.py, and the runs of both share
a folder. Model 1, `mtl_aug`, has all parts. Model 2 has no augmentation head, model 3
has no reconstruction either, model 4 (`baseline`) no center loss either, and model 5
no attention either. `…_augmented` and `baseline_augmented` are the same networks on
augmented rows. To compare all of them with model 1:
keras-ser report runs/emodb_four --reference mtl_aug --primary baseline_augmented

Data: EMO-DB (release of 2005), 339 utterances of anger, happiness, neutral, sadness.
Cost: minutes per fold and model on one CPU thread.
Command: keras-ser run configs/mtl_aug/emodb_ablation.py --corpus emodb=DIR
Results: docs/results.md
"""

from keras_ser import Experiment, Training
from keras_ser.experiments import ablation

NAMES = {  # the names in emodb.py
    "model_1": "mtl_aug",
    "model_4": "baseline",
    "model_4_augmented": "baseline_augmented",
}

config = Experiment(
    name="emodb_four",
    corpus="emodb",
    labels="four",
    systems={NAMES.get(name, name): row for name, row in ablation().items()},
    training=Training(),
    primary="mtl_aug",
)
