"""The systems of `emodb.py` at the paper's sizes: preset `paper`, five rows, 60 epochs.

Source: Latif et al. 2022, sections 4.2 and 4.3: filters are ours (docs/paper_gaps.md),
the schedule is the paper's, Adam from 1e-4, patience 5, until below a tenth of it.

Data: EMO-DB (release of 2005), 339 utterances of anger, happiness, neutral, sadness.
Cost: for a GPU; on two CPU cores days.
Command: keras-ser run configs/mtl_aug/emodb_paper.py --corpus emodb=DIR
Results: none yet.
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
)
