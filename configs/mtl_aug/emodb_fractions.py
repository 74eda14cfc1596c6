r"""Fractions of the training labels on EMO-DB, four classes, leaving one speaker out.

Source: Latif et al. 2022 (IEEE TAC), the curves of its Figure 3.
Expected, UAR %: not available. The paper draws its curves, and not for EMO-DB.

This is part of the experiment of configs/mtl_aug/emodb.py, and the runs of both share
a folder: `mtl_aug`, `baseline` and `baseline_augmented` have all labels. Smaller
fractions are parts of larger ones. MTL-AUG uses the utterances without a label as
unlabelled speech; the baselines do without them. Each repeat draws other labels, and
an epoch has as many updates as with all labels.

Data: EMO-DB (release of 2005), 339 utterances of anger, happiness, neutral, sadness.
Cost: minutes per fold and system on one CPU thread.
Command: keras-ser run configs/mtl_aug/emodb_fractions.py --corpus emodb=DIR
Results: docs/results.md
"""

from keras_ser import Experiment, Training
from keras_ser.experiments import few_labels

ROWS = few_labels(fractions=(0.2, 0.6, 1.0))

config = Experiment(
    name="emodb_four",
    corpus="emodb",
    labels="four",
    systems={name.removesuffix("_100"): row for name, row in ROWS.items()},
    training=Training(),
    primary="mtl_aug",
)
