r"""The demonstration model of the package: German speech, tested on other speech, too.

Source: Latif et al. 2022 (IEEE TAC), the system of its Table 2 with unlabelled speech.
Expected, UAR %: not available. No paper trains on EMO-DB and tests these corpora.

One training learns from eight speakers of EMO-DB and from unlabelled LibriSpeech. It is
tested on a ninth speaker of EMO-DB, and on all of EMOVO (Italian), RAVDESS and TESS
(English), of which nothing is heard before. The tenth speaker sets the temperature of
the probabilities. The ten folds test each speaker of EMO-DB once, so that their
`in_domain` test leaves one speaker out.

The model of the first fold is the one that `keras-ser predict FILE` uses. It was chosen
before any of them ran.

Preset `small`: an encoder of 16, 32, 32 filters, two rows per utterance and epoch,
20 epochs at learning rate 1e-3. The last epoch is tested, so that development speakers
select nothing. Features are normalised by utterance, because a demonstration hears
recordings of any level.

Data: EMO-DB (release of 2005), and RAVDESS speech, EMOVO and TESS (or a part of it):
    anger, happiness, neutral, sadness. Unlabelled: any part of LibriSpeech.
Command: keras-ser run configs/mtl_aug/demonstration.py \
    --corpus emodb=DIR --corpus emovo=DIR --corpus ravdess=DIR --corpus tess=DIR \
    --corpus librispeech=DIR
The model in the package: python docs/demonstration.py runs/demonstration
Results: docs/demonstration.md
"""

from keras_ser import Experiment, Features
from keras_ser.experiments import NETWORKS

NAME = "mtl_aug_librispeech"

config = Experiment(
    name="demonstration",
    corpus=("emodb", "emovo", "ravdess", "tess"),
    labels="four",
    protocol="held_out_corpora",
    protocol_arguments={"train": ("emodb",), "groups": 10},
    unlabelled_corpus="librispeech",
    corpus_options={"librispeech": {"trim": True}},
    systems={NAME: NETWORKS[NAME]},
    features=Features(normalise="utterance"),
)
