r"""Fractions of the training labels: Figure 3 of MTL-AUG's paper.

Source: Latif et al. 2022 (IEEE TAC), section 5.6, Figure 3, leaving one speaker out.
    MTL-AUG uses the utterances without a label as unlabelled speech.
Expected, UAR %: not available, because the paper only draws its curves. There, MTL-AUG
    with 80 to 86 % of the labels equals SS-AAE with all of them and LibriSpeech.

Preset `paper`: filters 32, 64, 64, five rows per utterance and epoch, at most 60
epochs from learning rate 1e-4. The paper makes ten repeats, which is `--repeats 10`;
the default is one. `--preset small` is for a CPU: filters 16, 32, 32, two rows per
utterance and epoch, 20 epochs at learning rate 1e-3.

Data: IEMOCAP and MSP-IMPROV, four classes.
Cost: meant for a GPU. With `--preset small`: minutes per fold and system on one CPU
    thread.
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
    reference="baseline_augmented_100",
    primary="mtl_aug_100",
    published="mtl_aug:figure 3",
)
