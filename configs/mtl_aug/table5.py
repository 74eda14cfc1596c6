r"""MTL-AUG against its baselines and two rivals in noise: Table 5 of its paper.

Source: Latif et al. 2022 (IEEE TAC), section 5.3, Table 5: trained on clean speech,
tested with noise of kitchen, park, cafeteria, station and traffic at 0, 10 and 20 dB,
drawn for each utterance; leaving one speaker out.
Expected, UAR % at 0 / 10 / 20 dB: baseline 33.5 / 39.2 / 41.7, + augmentation
    34.8 / 41.2 / 43.8, MTL-AUG 37.5 / 43.2 / 45.1, with 100 h of LibriSpeech
    39.1 / 44.1 / 46.5; CNN-BLSTM + attention 34.0 / 40.1 / 41.8, CNN + attention
    33.4 / 39.8 / 41.9, which are our reading of the paper's references 57 and 81.

Preset `paper`; `--preset small` is for a CPU. What the ratio is of, the paper does not
say: here, of speech without its pauses (docs/paper_gaps.md). `clean` stands beside it.
Training in the same noise is not the paper's:
`--set "systems.mtl_aug.train_conditions=('noise:all:10',)"`.

Data: IEMOCAP, four classes; DEMAND, channel 1 of five environments; unlabelled,
    LibriSpeech. With `--corpus noise=DIR`, noise of your own.
Cost: that of table2.py on IEMOCAP and two rivals, and the tests four times.
Command: keras-ser run configs/mtl_aug/table5.py --corpus iemocap=DIR \
    --corpus demand=DIR --corpus librispeech=DIR
Results: docs/results.md, on EMO-DB
"""

from keras_ser.experiments import PAPER_TRAINING, Experiment, networks, rivals

config = Experiment(
    name="table5",
    corpus="iemocap",
    labels="four",
    unlabelled="librispeech",
    noise="demand",
    conditions=("clean", "noise:all:0", "noise:all:10", "noise:all:20"),
    systems={**networks(preset="paper"), **rivals()},
    training=PAPER_TRAINING,
    published="mtl_aug:5",
)
