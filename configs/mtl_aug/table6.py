r"""MTL-AUG against its baselines and two rivals under attack: Table 6 of its paper.

Source: Latif et al. 2022 (IEEE TAC), section 5.4, Table 6: FGSM and BIM of ε = 0.08,
leaving one speaker out.
Expected, UAR % under FGSM / BIM: baseline 42.5 / 35.8, + augmentation 44.6 / 37.8,
    MTL-AUG 46.2 / 39.1, with 100 h of LibriSpeech 47.5 / 40.6; CNN-BLSTM + attention
    43.8 / 37.2, CNN + attention 42.7 / 36.7, which are our reading of the paper's
    references 57 and 81.

Preset `paper`; `--preset small` is for a CPU. What ε is of, the paper does not say:
here, of the deviation of a normalised log-mel band (docs/paper_gaps.md). `clean` stands
beside it. The systems are those of table5.py: finished runs of either are tested under
the other's conditions by `keras-ser robustness`, without training again.

Data: IEMOCAP, four classes; unlabelled, LibriSpeech.
Cost: that of table2.py on IEMOCAP and two rivals, and eleven gradients a test
    utterance.
Command: keras-ser run configs/mtl_aug/table6.py --corpus iemocap=DIR \
    --corpus librispeech=DIR
Results: docs/results.md, on EMO-DB
"""

from keras_ser.experiments import PAPER_TRAINING, Experiment, networks, rivals

config = Experiment(
    name="table6",
    corpus="iemocap",
    labels="four",
    unlabelled="librispeech",
    conditions=("clean", "fgsm:0.08", "bim:0.08", "pgd:0.08"),
    systems={**networks(preset="paper"), **rivals()},
    training=PAPER_TRAINING,
    published="mtl_aug:6",
)
