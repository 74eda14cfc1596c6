r"""DenseNet, LSTM and highway layers on RAVDESS, four classes, six groups of actors.

Source: Latif et al., Interspeech 2020, the systems of its Tables 1 to 3, and MTL-AUG
    (Latif et al. 2022) on the same features.
Expected, UAR %: not available. The paper has no figure for this corpus.

The paper says that a deep and densely connected network is more robust than a shallow
one. The primary comparison is therefore that of `densenet_highway`, the proposed
network, with `cnn_lstm`, which has an LSTM as well but a shallow encoder, and no
augmentation either. `densenet_lstm` against `cnn_lstm`, in the same table, leaves the
highway and its skip connections out. The other rows are secondary.

Preset `small`: smaller networks, random windows of 2.56 s, two rows per utterance and
epoch, 20 epochs from learning rate 1e-3. All systems make the same number of
updates. `--preset paper` is that of table1.py.

Data: RAVDESS speech, 672 utterances of anger, happiness, neutral, sadness.
Command: keras-ser run configs/robust_densenet/ravdess.py --corpus ravdess=DIR
Noise and attacks, without training again:
    keras-ser robustness runs/ravdess_densenets --corpus ravdess=DIR \
    --noise DIR --kinds all
"""

from keras_ser.experiments import (
    RECIPES,
    Experiment,
    Features,
    augmented_densenets,
    densenets,
    networks,
)

config = Experiment(
    name="ravdess_densenets",
    corpus="ravdess",
    labels="four",
    protocol="k_fold",
    protocol_arguments={"folds": 6},
    systems={
        **densenets(preset="small"),
        **augmented_densenets(preset="small"),
        "mtl_aug": networks(preset="small")["mtl_aug"],
    },
    features=Features(front_end="Spectrogram", seconds=2.56),
    training=RECIPES["robust_densenet"]["small"],
    repeats=2,
    reference="cnn_lstm",
    primary="densenet_highway",
)
