r"""Ablation of MTL-AUG across corpora: Table 7 of its paper, last column.

Source: Latif et al. 2022 (IEEE TAC), section 5.7, Table 7, its column across corpora.
Expected, UAR %: IEMOCAP to MSP-IMPROV: all 47.2, without augmentation head
    46.2, and without reconstruction 45.8, and without center loss 45.4, and without
    attention 43.6.

Models 3 to 5 are listed with and without augmented speech, because the paper does not
say which of them saw it.

Preset `paper`: filters 32, 64, 64, five rows per utterance and epoch, at most 60
epochs from learning rate 1e-4. The paper makes ten repeats, which is `--repeats 10`;
the default is one. `--preset small` is for a CPU: filters 16, 32, 32, two rows per
utterance and epoch, 20 epochs at learning rate 1e-3.

Data: IEMOCAP and MSP-IMPROV, four classes.
Cost: meant for a GPU. With `--preset small`: minutes per fold and system on one CPU
    thread.
Command: keras-ser run configs/mtl_aug/table7_cross.py --corpus iemocap=DIR \
    --corpus msp_improv=DIR
Results: docs/results.md
"""

from keras_ser.experiments import PAPER_TRAINING, Experiment, ablation

config = Experiment(
    name="table7_cross",
    corpus=("iemocap", "msp_improv"),
    labels="four",
    protocol="cross_corpus",
    protocol_arguments={"train": "iemocap", "test": "msp_improv"},
    systems=ablation(preset="paper"),
    training=PAPER_TRAINING,
    reference="model_1",
    primary="model_4_augmented",
    published="mtl_aug:7",
)
