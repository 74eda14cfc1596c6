r"""DenseNet, LSTM and highway layers under attack: Table 3 of their paper.

Source: Latif et al., Interspeech 2020, section 5.3, Table 3, FGSM and BIM of ε = 0.08,
    leaving one speaker out.
Expected, UAR %: not available, because the text of our copy lacks the figures. There,
    the proposed network is better than all others, with and without augmentation, and
    augmentation helps as in noise. MTL-AUG's Table 6 quotes the row of both
    augmentations: 44.0 under FGSM, 36.4 under BIM.

The systems are those of table2.py. `keras-ser robustness` tests finished runs of either
config under the conditions of the other, without training again. The paper does not
give the unit of ε. Here it is the standard deviation of a band of the normalised
spectrogram (docs/paper_gaps.md). `clean` is reported as well.

Preset `paper`: three rows per window of 2.56 s and epoch, batches of 32, at most 100
epochs from learning rate 1e-3. The rate is halved after 5 epochs without progress, and
training stops after 20. The paper makes ten repeats, which is `--repeats 10`; the
default is one. `--preset small` is for a CPU: smaller networks, two rows per utterance
and epoch, batches of 16, 20 epochs.

Data: IEMOCAP, four classes.
Command: keras-ser run configs/robust_densenet/table3.py --corpus iemocap=DIR
"""

from keras_ser.experiments import (
    RECIPES,
    Experiment,
    Features,
    augmented_densenets,
    densenets,
)

config = Experiment(
    name="densenet_table3",
    corpus="iemocap",
    labels="four",
    conditions=("clean", "fgsm:0.08", "bim:0.08"),
    systems={**densenets(preset="paper"), **augmented_densenets(preset="paper")},
    features=Features(front_end="Spectrogram", seconds=2.56),
    training=RECIPES["robust_densenet"]["paper"],
    reference="cnn_lstm",
    primary="densenet_highway",
    published="robust_densenet:3",
)
