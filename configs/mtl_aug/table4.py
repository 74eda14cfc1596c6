r"""MTL-AUG across languages, both directions: Table 4 of its paper.

Source: Latif et al. 2022 (IEEE TAC), section 5.2.2, Table 4. 30 % of the speakers of
    the test language select the epoch.
Expected, UAR %: IEMOCAP to EMO-DB / EMO-DB to IEMOCAP: baseline 42.1 / 38.4,
    + augmentation 43.6 / 39.5, MTL-AUG 45.7 / 42.1, with LibriSpeech 46.8 / 41.5.

Preset `paper`: filters 32, 64, 64, five rows per utterance and epoch, at most 60
epochs from learning rate 1e-4. The paper makes ten repeats, which is `--repeats 10`;
the default is one. `--preset small` is for a CPU: filters 16, 32, 32, two rows per
utterance and epoch, 20 epochs at learning rate 1e-3.

Data: IEMOCAP (English) and EMO-DB (German), four classes. Unlabelled: LibriSpeech.
Cost: meant for a GPU. With `--preset small`: minutes per fold and system on one CPU
    thread.
Command: keras-ser run configs/mtl_aug/table4.py --corpus iemocap=DIR \
    --corpus emodb=DIR --corpus librispeech=DIR
Results: docs/results.md
"""

from keras_ser.experiments import PAPER_TRAINING, Experiment, networks

config = Experiment(
    name="table4",
    corpus=("iemocap", "emodb"),
    labels="four",
    protocol="cross_language",
    unlabelled_corpus="librispeech",
    systems=networks(preset="paper"),
    training=PAPER_TRAINING,
    primary="mtl_aug",
    published="mtl_aug:4",
)
