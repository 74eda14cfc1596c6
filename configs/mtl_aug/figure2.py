r"""One type of augmentation against all of them: Figure 2 of MTL-AUG's paper.

Source: Latif et al. 2022 (IEEE TAC), section 5.5, Figure 2; leaving one speaker out.
Expected, UAR %: not available: the paper draws it. All types are better than any
    single one there.

Preset `paper`: filters 32, 64, 64, five rows an utterance and epoch, at most 60
epochs from learning rate 1e-4, ten repeats in the paper, one here (`--repeats 10`).
`--preset small` is for a CPU: filters 16, 32, 32, two rows, at most 20 epochs.

Data: IEMOCAP, four classes.
Cost: for a GPU; with `--preset small`, minutes a fold and system on one CPU thread.
Command: keras-ser run configs/mtl_aug/figure2.py --corpus iemocap=DIR
Results: docs/results.md
"""

from keras_ser.experiments import PAPER_TRAINING, Experiment, single_augmentations

config = Experiment(
    name="figure2",
    corpus="iemocap",
    labels="four",
    systems=single_augmentations(preset="paper"),
    training=PAPER_TRAINING,
    against="mtl_aug_all",
    published="mtl_aug:figure 2",
)
