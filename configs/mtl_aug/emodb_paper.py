"""The systems of `emodb.py` at the paper's sizes, on EMO-DB, four classes.

Source: Latif et al. 2022 (IEEE TAC), sections 4.2 and 4.3.
Expected, UAR %: not available. The paper has no within-corpus figure for EMO-DB.

Preset `paper`: filters 32, 64, 64, five rows per utterance and epoch, at most 60
epochs. The filters are our choice (docs/paper_gaps.md). The schedule is the paper's:
Adam from learning rate 1e-4 with patience 5, until the rate is below a tenth of that.

Data: EMO-DB (release of 2005), 339 utterances of anger, happiness, neutral, sadness.
Cost: 9 to 13 minutes per fold for a baseline and 22 to 24 for MTL-AUG, on one thread of
a processor with AVX-512 each, with two trainings side by side.
Command: keras-ser run configs/mtl_aug/emodb_paper.py --corpus emodb=DIR
Results: three folds, in docs/results.md.
"""

from keras_ser.experiments import PAPER_TRAINING, Experiment, System
from keras_ser.models import BASELINE

config = Experiment(
    name="emodb_four_paper",
    corpus="emodb",
    labels="four",
    systems={
        "baseline": System(arguments={**BASELINE, "preset": "paper"}, augment=()),
        "baseline_augmented": System(arguments={**BASELINE, "preset": "paper"}),
        "mtl_aug": System(arguments={"preset": "paper"}),
    },
    training=PAPER_TRAINING,
    primary="mtl_aug",
)
