r"""Ablation of MTL-AUG on EMO-DB, four classes, leaving one speaker out.

Source: Latif et al. 2022 (IEEE TAC), the models of its Table 7; the paper has no
figure for EMO-DB within itself.
Part of the experiment of configs/mtl_aug/emodb.py, whose runs count here: `mtl_aug` is
model 1, all of it; model 2 is without the augmentation head, 3 without reconstruction
too, 4 without the center loss too, which is `baseline`, 5 without attention too.
`…_augmented`, and `baseline_augmented`, are the same networks on augmented rows. To
compare with model 1: keras-ser report runs/emodb_four --against mtl_aug.

Data: EMO-DB (release of 2005), 339 utterances of anger, happiness, neutral, sadness.
Cost, one CPU thread: minutes a fold and model.
Command: keras-ser run configs/mtl_aug/emodb_ablation.py --corpus emodb=DIR
Results: docs/results.md
"""

from keras_ser import Experiment, Training
from keras_ser.experiments import ablation

NAMES = {  # as emodb.py calls them
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
)
