r"""One type of augmentation against all of them: Figure 2 of MTL-AUG's paper.

Source: Latif et al. 2022 (IEEE TAC), section 5.5, Figure 2, leaving one speaker out.
Expected, UAR %: not available, because the paper only draws its bars. There, all types
    together are better than any single one.

Preset `paper`: filters 32, 64, 64, five rows per utterance and epoch, at most 60
epochs from learning rate 1e-4. The paper makes ten repeats, which is `--repeats 10`;
the default is one. `--preset small` is for a CPU: filters 16, 32, 32, two rows per
utterance and epoch, 20 epochs at learning rate 1e-3.

Data: IEMOCAP, four classes.
Cost: meant for a GPU. With `--preset small`: minutes per fold and system on one CPU
    thread.
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
    reference="mtl_aug_all",
    published="mtl_aug:figure 2",
)
