r"""Ablation of MTL-AUG within a corpus: Table 7 of its paper.

Source: Latif et al. 2022 (IEEE TAC), section 5.7, Table 7, its columns within a corpus.
Expected, UAR %: IEMOCAP / MSP-IMPROV: all 68.1 / 62.1, without augmentation
    head 66.7 / 60.5, and without reconstruction 65.1 / 59.0, and without center loss
    64.3 / 58.2, and without attention 62.8 / 56.5.

Models 3 to 5 are listed with and without augmented speech, because the paper does not
say which of them saw it.

Preset `paper`: filters 32, 64, 64, five rows per utterance and epoch, at most 60
epochs from learning rate 1e-4. The paper makes ten repeats, which is `--repeats 10`;
the default is one. `--preset small` is for a CPU: filters 16, 32, 32, two rows per
utterance and epoch, 20 epochs at learning rate 1e-3.

Data: IEMOCAP and MSP-IMPROV, four classes.
Cost: meant for a GPU. With `--preset small`: minutes per fold and system on one CPU
    thread.
Command: keras-ser run configs/mtl_aug/table7.py --corpus iemocap=DIR \
    --corpus msp_improv=DIR
Results: docs/results.md
"""

from keras_ser.experiments import PAPER_TRAINING, Experiment, ablation

config = Experiment(
    name="table7",
    corpus=("iemocap", "msp_improv"),
    labels="four",
    protocol="each_corpus",
    systems=ablation(preset="paper"),
    training=PAPER_TRAINING,
    reference="model_1",
    primary="model_4_augmented",
    published="mtl_aug:7",
)
