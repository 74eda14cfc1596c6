r"""MTL-AUG trained on one corpus and tested on another: Table 3 of its paper.

Source: Latif et al. 2022 (IEEE TAC), section 5.2.1, Table 3. 30 % of MSP-IMPROV selects
    the epoch: speakers here, utterances in the paper. To follow the paper, add
    `--set protocol_arguments.split=utterance`. Test speakers then take part in
    selecting the epoch.
Expected, UAR %: IEMOCAP to MSP-IMPROV: baseline 45.4, + augmentation 46.2,
    MTL-AUG 47.2, with 100 h of LibriSpeech 48.1, SS-AAE 46.4.

SS-AAE is `ss_aae` of configs/ss_aae/table2.py, with speaker and gender as second tasks
and LibriSpeech as unlabelled speech. It gets the features and the schedule of this
experiment, like all other systems, and no augmented speech.

Preset `paper`: filters 32, 64, 64, five rows per utterance and epoch, at most 60
epochs from learning rate 1e-4. The paper makes ten repeats, which is `--repeats 10`;
the default is one. `--preset small` is for a CPU: filters 16, 32, 32, two rows per
utterance and epoch, 20 epochs at learning rate 1e-3.

Data: IEMOCAP and MSP-IMPROV, four classes. Unlabelled: LibriSpeech.
Cost: meant for a GPU. With `--preset small`: minutes per fold and system on one CPU
    thread.
Command: keras-ser run configs/mtl_aug/table3.py --corpus iemocap=DIR \
    --corpus msp_improv=DIR --corpus librispeech=DIR
Results: docs/results.md
"""

from keras_ser.experiments import PAPER_TRAINING, Experiment, networks, ss_aae

config = Experiment(
    name="table3",
    corpus=("iemocap", "msp_improv"),
    labels="four",
    protocol="cross_corpus",
    protocol_arguments={"train": "iemocap", "test": "msp_improv"},
    unlabelled_corpus="librispeech",
    systems={
        **networks(preset="paper"),
        "ss_aae": ss_aae(preset="paper")["ss_aae"],
    },
    training=PAPER_TRAINING,
    primary="mtl_aug",
    published="mtl_aug:3",
)
