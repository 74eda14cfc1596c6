r"""MTL-AUG, baselines and three comparison models in noise: Table 5 of its paper.

Source: Latif et al. 2022 (IEEE TAC), section 5.3, Table 5, leaving one speaker out.
    Systems are trained on clean speech and tested at 0, 10 and 20 dB with noise of
    kitchen, park, cafeteria, station and traffic, drawn for each utterance.
Expected, UAR % at 0 / 10 / 20 dB: baseline 33.5 / 39.2 / 41.7, + augmentation
    34.8 / 41.2 / 43.8, MTL-AUG 37.5 / 43.2 / 45.1, with 100 h of LibriSpeech
    39.1 / 44.1 / 46.5. CNN-BLSTM + attention 34.0 / 40.1 / 41.8, CNN + attention
    33.4 / 39.8 / 41.9, DenseNet + augmentation 34.2 / 40.9 / 43.1. The first two are
    the paper's references 57 and 81, implemented here as we read them. The DenseNet is
    `densenet_highway_both`, the network of Latif et al., Interspeech 2020, with speed
    perturbation and mixup.

Preset `paper`; `--preset small` is for a CPU. The paper does not say which speech the
ratio refers to. Here it is speech without its pauses (docs/paper_gaps.md). `clean` is
reported as well. The paper does not train in the same noise. To train MTL-AUG in it:
`--set "systems.mtl_aug.train_conditions=('noise:all:10',)"`.

Data: IEMOCAP, four classes. Noise: DEMAND, channel 1 of five environments, or your own
    with `--corpus noise=DIR`. Unlabelled: LibriSpeech.
Cost: that of table2.py on IEMOCAP, of three comparison models, and of testing four
    times.
Command: keras-ser run configs/mtl_aug/table5.py --corpus iemocap=DIR \
    --corpus demand=DIR --corpus librispeech=DIR
Results: docs/results.md, on EMO-DB
"""

from keras_ser.experiments import (
    PAPER_TRAINING,
    Experiment,
    comparison_models,
    networks,
)

config = Experiment(
    name="table5",
    corpus="iemocap",
    labels="four",
    unlabelled_corpus="librispeech",
    noise="demand",
    conditions=("clean", "noise:all:0", "noise:all:10", "noise:all:20"),
    systems={**networks(preset="paper"), **comparison_models(preset="paper")},
    training=PAPER_TRAINING,
    primary="mtl_aug",
    published="mtl_aug:5",
)
