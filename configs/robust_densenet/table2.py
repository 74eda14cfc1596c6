r"""DenseNet, LSTM and highway layers in noise: Table 2 of their paper.

Source: Latif et al., Interspeech 2020, section 5.2, Table 2, leaving one speaker out.
    Systems are trained on clean speech and tested at 20, 10 and 0 dB with noise of
    kitchen, park, station, traffic and cafeteria, drawn for each utterance.
Expected, UAR %: not available, because the text of our copy lacks the figures. There,
    the proposed network is better than all others, mixup helps it more than speed
    perturbation, and both together help most. MTL-AUG's Table 5 quotes that row:
    34.2 / 40.9 / 43.1 at 0 / 10 / 20 dB.

The five networks of table1.py without augmentation, and the proposed one with speed
perturbation, with mixup and with both. All make the same number of updates. `clean` is
reported as well. The ratio refers to speech without its pauses (docs/paper_gaps.md).

Preset `paper`: three rows per window of 2.56 s and epoch, batches of 32, at most 100
epochs from learning rate 1e-3. The rate is halved after 5 epochs without progress, and
training stops after 20. The paper makes ten repeats, which is `--repeats 10`; the
default is one. `--preset small` is for a CPU: smaller networks, two rows per utterance
and epoch, batches of 16, 20 epochs.

Data: IEMOCAP, four classes. Noise: DEMAND, channel 1 of five environments, or your own
    with `--corpus noise=DIR`.
Command: keras-ser run configs/robust_densenet/table2.py --corpus iemocap=DIR \
    --corpus demand=DIR
"""

from keras_ser.experiments import (
    RECIPES,
    Experiment,
    Features,
    augmented_densenets,
    densenets,
)

config = Experiment(
    name="densenet_table2",
    corpus="iemocap",
    labels="four",
    noise="demand",
    conditions=("clean", "noise:all:20", "noise:all:10", "noise:all:0"),
    systems={**densenets(preset="paper"), **augmented_densenets(preset="paper")},
    features=Features(front_end="Spectrogram", seconds=2.56),
    training=RECIPES["robust_densenet"]["paper"],
    reference="cnn_lstm",
    primary="densenet_highway",
    published="robust_densenet:2",
)
