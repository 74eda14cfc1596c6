r"""Fractions of the training labels: Figure 3 of MTL-AUG's paper.

Source: Latif et al. 2022 (IEEE TAC), section 5.6, Figure 3, leaving one speaker out.
    MTL-AUG uses the utterances without a label as unlabelled speech, and no other.
Expected, UAR %: not available, because the paper only draws its curves. There, MTL-AUG
    with 80 to 86 % of the labels equals SS-AAE with all of them and LibriSpeech.

SS-AAE is `ss_aae` of configs/ss_aae/table2.py, with speaker and gender as second tasks,
all labels, and LibriSpeech as unlabelled speech. It gets the features and the schedule
of this experiment, like all other systems, and no augmented speech.

Preset `paper`: filters 32, 64, 64, five rows per utterance and epoch, at most 60
epochs from learning rate 1e-4. The paper makes ten repeats, which is `--repeats 10`;
the default is one. `--preset small` is for a CPU: filters 16, 32, 32, two rows per
utterance and epoch, 20 epochs at learning rate 1e-3.

Data: IEMOCAP and MSP-IMPROV, four classes. Unlabelled, for SS-AAE: LibriSpeech.
Cost: meant for a GPU. With `--preset small`: minutes per fold and system on one CPU
    thread.
Command: keras-ser run configs/mtl_aug/figure3.py --corpus iemocap=DIR \
    --corpus msp_improv=DIR --corpus librispeech=DIR
Results: docs/results.md
"""

import dataclasses

from keras_ser.experiments import PAPER_TRAINING, Experiment, few_labels, ss_aae

# MTL-AUG gets no speech of LibriSpeech. Speech that lost its label is not counted.
ROWS = {
    name: dataclasses.replace(row, unlabelled_speakers=0) if row.use_unlabelled else row
    for name, row in few_labels(preset="paper").items()
}

config = Experiment(
    name="figure3",
    corpus=("iemocap", "msp_improv"),
    labels="four",
    protocol="each_corpus",
    unlabelled_corpus="librispeech",
    systems={**ROWS, "ss_aae": ss_aae(preset="paper")["ss_aae"]},
    training=PAPER_TRAINING,
    reference="baseline_augmented_100",
    primary="mtl_aug_100",
    published="mtl_aug:figure 3",
)
