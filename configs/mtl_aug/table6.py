r"""MTL-AUG, baselines and three comparison models under attack: Table 6 of its paper.

Source: Latif et al. 2022 (IEEE TAC), section 5.4, Table 6, FGSM and BIM of ε = 0.08,
    leaving one speaker out.
Expected, UAR % under FGSM / BIM: baseline 42.5 / 35.8, + augmentation 44.6 / 37.8,
    MTL-AUG 46.2 / 39.1, with 100 h of LibriSpeech 47.5 / 40.6. CNN-BLSTM + attention
    43.8 / 37.2, CNN + attention 42.7 / 36.7, DenseNet + augmentation 44.0 / 36.4. The
    first two are the paper's references 57 and 81, implemented here as we read them.
    The DenseNet is `densenet_highway_both`, the network of Latif et al., Interspeech
    2020, with speed perturbation and mixup.

Preset `paper`; `--preset small` is for a CPU. The paper does not give the unit of ε.
Here it is the standard deviation of a normalised log-mel band (docs/paper_gaps.md).
`clean` is reported as well. The systems are those of table5.py. `keras-ser robustness`
tests finished runs of either config under the conditions of the other, without
training again.

Data: IEMOCAP, four classes. Unlabelled: LibriSpeech.
Cost: that of table2.py on IEMOCAP, of three comparison models, and of 31 gradients per
    test utterance (FGSM 1, BIM 10, PGD 20).
Command: keras-ser run configs/mtl_aug/table6.py --corpus iemocap=DIR \
    --corpus librispeech=DIR
Results: docs/results.md, on EMO-DB
"""

from keras_ser.experiments import (
    PAPER_TRAINING,
    Experiment,
    comparison_models,
    networks,
)

config = Experiment(
    name="table6",
    corpus="iemocap",
    labels="four",
    unlabelled_corpus="librispeech",
    conditions=("clean", "fgsm:0.08", "bim:0.08", "pgd:0.08"),
    systems={**networks(preset="paper"), **comparison_models(preset="paper")},
    training=PAPER_TRAINING,
    primary="mtl_aug",
    published="mtl_aug:6",
)
