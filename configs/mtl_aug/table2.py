r"""MTL-AUG against its baselines within a corpus: Table 2 of its paper.

Source: Latif et al. 2022 (IEEE TAC), section 5.1, Table 2, leaving one speaker out.
Expected, UAR %: IEMOCAP / MSP-IMPROV: baseline 64.3 / 57.2, + augmentation
    65.1 / 58.5, MTL-AUG 68.1 / 61.4, with 100 h of LibriSpeech 68.7 / 62.1, SS-AAE
    66.7 / 60.3.

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
Command: keras-ser run configs/mtl_aug/table2.py --corpus iemocap=DIR \
    --corpus msp_improv=DIR --corpus librispeech=DIR
Results: docs/results.md
"""

from keras_ser.experiments import PAPER_TRAINING, Experiment, networks, ss_aae

config = Experiment(
    name="table2",
    corpus=("iemocap", "msp_improv"),
    labels="four",
    protocol="each_corpus",
    unlabelled_corpus="librispeech",
    systems={
        **networks(preset="paper"),
        "ss_aae": ss_aae(preset="paper")["ss_aae"],
    },
    training=PAPER_TRAINING,
    primary="mtl_aug",
    published="mtl_aug:2",
)
