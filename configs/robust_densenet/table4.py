r"""The proposed network next to other studies across corpora: Table 4 of its paper.

Source: Latif et al., Interspeech 2020, section 5.4, Table 4. 30 % of MSP-IMPROV selects
    the epoch, as in figure2.py.
Expected, UAR %: not available, because the text of our copy lacks the figures. There,
    the proposed network with augmentation is better than two earlier studies. MTL-AUG's
    Table 3 quotes one of these: SS-AAE, 46.4.

One system, `densenet_highway_both`, is trained with speed perturbation and mixup. The
other studies are known from their papers only, so there is no reference.

Preset `paper`: three rows per window of 2.56 s and epoch, batches of 32, at most 100
epochs from learning rate 1e-3. The rate is halved after 5 epochs without progress, and
training stops after 20. The paper makes ten repeats, which is `--repeats 10`; the
default is one. `--preset small` is for a CPU: smaller networks, two rows per utterance
and epoch, batches of 16, 20 epochs.

Data: IEMOCAP and MSP-IMPROV, four classes.
Command: keras-ser run configs/robust_densenet/table4.py --corpus iemocap=DIR \
    --corpus msp_improv=DIR
"""

from keras_ser.experiments import RECIPES, Experiment, Features, augmented_densenets

NAME = "densenet_highway_both"

config = Experiment(
    name="densenet_table4",
    corpus=("iemocap", "msp_improv"),
    labels="four",
    protocol="cross_corpus",
    protocol_arguments={"train": "iemocap", "test": "msp_improv"},
    systems={NAME: augmented_densenets(preset="paper")[NAME]},
    features=Features(front_end="Spectrogram", seconds=2.56),
    training=RECIPES["robust_densenet"]["paper"],
    published="robust_densenet:4",
)
