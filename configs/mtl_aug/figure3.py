r"""Fractions of the training labels: Figure 3 of MTL-AUG's paper.

Source: Latif et al. 2022 (IEEE TAC), section 5.6, Figure 3; leaving one speaker
    out. Utterances without label serve MTL-AUG as unlabelled speech.
Expected, UAR %: not available: the paper draws it. With 80 to 86 % of the labels
    MTL-AUG has what SS-AAE has with all of them and LibriSpeech.

Preset `paper`: filters 32, 64, 64, five rows an utterance and epoch, at most 60
epochs from learning rate 1e-4, ten repeats in the paper, one here (`--repeats 10`).
`--preset small` is for a CPU: filters 16, 32, 32, two rows, at most 20 epochs.

Data: IEMOCAP and MSP-IMPROV, four classes.
Cost: for a GPU; with `--preset small`, minutes a fold and system on one CPU thread.
Command: keras-ser run configs/mtl_aug/figure3.py --corpus iemocap=DIR \
    --corpus msp_improv=DIR
Results: docs/results.md
"""

from keras_ser.experiments import PAPER_TRAINING, Experiment, few_labels

config = Experiment(
    name="figure3",
    corpus=("iemocap", "msp_improv"),
    labels="four",
    protocol="each_corpus",
    systems=few_labels(preset="paper"),
    training=PAPER_TRAINING,
    against="baseline_augmented_100",
    published="mtl_aug:figure 3",
)
