r"""Classical systems: EMO-DB, four classes, leaving one speaker out.

Source: the usual classical row, openSMILE's functionals and an SVM with an RBF kernel,
    C = 1, gamma "scale" and balanced classes. These settings are fixed and were not
    searched. Next to it are probes, which show what the length alone and what the
    average spectrum carry.

Scaled by the training speakers (the default):
    Expected, UAR %: eGeMAPS 74.0, ComParE 79.4 to 81.8.
    Measured, UAR %: eGeMAPS 76.2, ComParE 84.3, length 42.5, average spectrum 74.9.
    Means of folds, in that order: 73.3, 81.7, 42.1, 72.0. With the development
    speakers in training, means of folds: eGeMAPS 73.9, ComParE 81.8.

Normalised by speaker: each speaker is scaled by their own utterances, including the
test speaker. This is transductive and needs no labels.
    Expected, UAR %: eGeMAPS 84.2, ComParE 87.2 to 90.0.
    Measured, UAR %: eGeMAPS 85.1, ComParE 87.5, length 38.8, average spectrum 83.4.
    Means of folds, in that order: 84.0, 86.8, 39.5, 82.2. With the development
    speakers in training, means of folds: eGeMAPS 85.8, ComParE 90.0.

Expected figures are published ones, with everybody except the test speaker in training.
Measured figures are pooled over the folds unless stated otherwise. UAR is the
unweighted average recall.

Data: EMO-DB (release of 2005), 339 utterances of anger, happiness, neutral, sadness.
Cost: about a minute on one CPU core, extraction included.
Needs: pip install 'keras_ser[opensmile]'
Command: keras-ser run configs/classical/emodb_four.py --corpus emodb=DIR
Normalised by speaker, into runs/emodb_four_speaker:
    keras-ser run configs/classical/emodb_four.py --corpus emodb=DIR \
    --set features.normalise=speaker
Results: docs/results.md
"""

from keras_ser import Experiment
from keras_ser.experiments import CLASSICAL

config = Experiment(
    name="emodb_four",
    corpus="emodb",
    labels="four",
    systems=CLASSICAL,
)
