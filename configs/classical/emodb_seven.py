r"""Classical systems: EMO-DB, all seven classes, leaving one speaker out.

Source: the usual classical row, openSMILE's functionals and an SVM with an RBF kernel,
    C = 1, gamma "scale" and balanced classes. These settings are fixed and were not
    searched. Next to it are probes, which show what the length alone and what the
    average spectrum carry.

Scaled by the training speakers (the default):
    Expected, UAR %: eGeMAPS 63.2, ComParE 74.7.
    Measured, UAR %: eGeMAPS 63.2, ComParE 74.2, length 25.8, average spectrum 52.6.
    Means of folds, in that order: 61.0, 71.1, 26.6, 53.3. With the development
    speakers in training, means of folds: eGeMAPS 63.4, ComParE 73.6.

Normalised by speaker: each speaker is scaled by their own utterances, including the
test speaker. This is transductive and needs no labels.
    Expected, UAR %: eGeMAPS 80.1, ComParE 82.2 to 83.6.
    Measured, UAR %: eGeMAPS 77.3, ComParE 82.9, length 24.1, average spectrum 63.1.
    Means of folds, in that order: 74.9, 81.1, 25.6, 62.3. With the development
    speakers in training, means of folds: eGeMAPS 75.8, ComParE 84.5.

Expected figures are published ones, with everybody except the test speaker in training.
Measured figures are pooled over the folds unless stated otherwise. UAR is the
unweighted average recall.

Data: EMO-DB (release of 2005), 535 utterances of seven emotions.
Cost: about two minutes on one CPU core, extraction included.
Needs: pip install 'keras_ser[opensmile]'
Command: keras-ser run configs/classical/emodb_seven.py --corpus emodb=DIR
Normalised by speaker, into runs/emodb_seven_speaker:
    keras-ser run configs/classical/emodb_seven.py --corpus emodb=DIR \
    --set features.normalise=speaker
Results: docs/results.md
"""

from keras_ser import Experiment
from keras_ser.experiments import CLASSICAL

config = Experiment(
    name="emodb_seven",
    corpus="emodb",
    labels="all",
    systems=CLASSICAL,
)
