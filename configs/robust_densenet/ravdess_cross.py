r"""Trained on RAVDESS, tested on TESS and EMO-DB.

Source: Latif et al., Interspeech 2020, section 5.4, with other corpora. In the paper, a
    part of the test corpus selects the epoch. Here, speakers of RAVDESS do, and each
    test corpus is new: TESS in the same language, EMO-DB in another one.
Expected, UAR %: not available. The paper has no figure for these corpora.

The primary comparison is that of `densenet_highway` with `cnn_lstm`, as in ravdess.py.
`densenet_highway_both` adds speed perturbation and mixup. A training is tested on both
corpora. Each utterance is normalised by its own mean, because the corpora differ in
level.

Preset `small`: smaller networks, random windows of 2.56 s, two rows per utterance and
epoch, 20 epochs from learning rate 1e-3. All systems make the same number of
updates. `--preset paper` is that of table1.py.

Data: RAVDESS, TESS (or a part of it) and EMO-DB, four classes.
Command: keras-ser run configs/robust_densenet/ravdess_cross.py --corpus ravdess=DIR \
    --corpus tess=DIR --corpus emodb=DIR
"""

from keras_ser.experiments import (
    RECIPES,
    Experiment,
    Features,
    augmented_densenets,
    densenets,
)

NAMES = ("cnn_lstm", "densenet_highway", "densenet_highway_both")
SYSTEMS = {**densenets(preset="small"), **augmented_densenets(preset="small")}

config = Experiment(
    name="ravdess_cross_densenets",
    corpus=("ravdess", "tess", "emodb"),
    labels="four",
    protocol="held_out_corpora",
    protocol_arguments={"train": ("ravdess",)},
    systems={name: SYSTEMS[name] for name in NAMES},
    features=Features(front_end="Spectrogram", seconds=2.56, normalise="utterance"),
    training=RECIPES["robust_densenet"]["small"],
    repeats=3,
    reference="cnn_lstm",
    primary="densenet_highway",
)
