r"""DenseNet, LSTM and highway layers across corpora: Figure 2 of their paper.

Source: Latif et al., Interspeech 2020, section 5.4, Figure 2. 30 % of MSP-IMPROV
    selects the epoch: speakers here, drawn at random in the paper. To draw utterances,
    add `--set protocol_arguments.split=utterance`. Test speakers then take part in
    selecting the epoch.
Expected, UAR %: not available, because the paper only draws its bars. There, the
    proposed network is better than all others, and augmentation helps it.

The five networks of table1.py without augmentation, and the proposed one with speed
perturbation, with mixup and with both. All make the same number of updates.

Preset `paper`: three rows per window of 2.56 s and epoch, batches of 32, at most 100
epochs from learning rate 1e-3. The rate is halved after 5 epochs without progress, and
training stops after 20. The paper makes ten repeats, which is `--repeats 10`; the
default is one. `--preset small` is for a CPU: smaller networks, two rows per utterance
and epoch, batches of 16, 20 epochs.

Data: IEMOCAP and MSP-IMPROV, four classes.
Command: keras-ser run configs/robust_densenet/figure2.py --corpus iemocap=DIR \
    --corpus msp_improv=DIR
"""

from keras_ser.experiments import (
    RECIPES,
    Experiment,
    Features,
    augmented_densenets,
    densenets,
)

config = Experiment(
    name="densenet_figure2",
    corpus=("iemocap", "msp_improv"),
    labels="four",
    protocol="cross_corpus",
    protocol_arguments={"train": "iemocap", "test": "msp_improv"},
    systems={**densenets(preset="paper"), **augmented_densenets(preset="paper")},
    features=Features(front_end="Spectrogram", seconds=2.56),
    training=RECIPES["robust_densenet"]["paper"],
    reference="cnn_lstm",
    primary="densenet_highway",
    published="robust_densenet:figure 2",
)
