r"""Classical systems: RAVDESS speech, all eight classes, six groups of four actors.

Source: the usual classical row, openSMILE's functionals and an SVM with an RBF kernel,
    C = 1, gamma "scale" and balanced classes. These settings are fixed and were not
    searched. Next to it are probes, which show what the length alone and what the
    average spectrum carry.

Scaled by the training speakers (the default):
    Expected, UAR %: eGeMAPS 49.7, ComParE 55.6.
    Measured, UAR %: eGeMAPS 47.8, ComParE 54.5, length 18.4, average spectrum 36.8.

Normalised by speaker: each speaker is scaled by their own utterances, including the
test speaker. This is transductive and needs no labels.
    Expected, UAR %: eGeMAPS 61.4, ComParE 61.7.
    Measured, UAR %: eGeMAPS 60.4, ComParE 63.7, length 20.2, average spectrum 49.0.

Expected figures are published ones, with all other actors in training. Measured
figures are pooled over the folds. UAR is the unweighted average recall.

Data: RAVDESS, audio-only speech, 1440 utterances of eight emotions.
Cost: about six minutes on one CPU core, extraction included.
Needs: pip install 'keras_ser[opensmile]'
Command: keras-ser run configs/classical/ravdess_eight.py --corpus ravdess=DIR
Normalised by speaker, into runs/ravdess_eight_speaker:
    keras-ser run configs/classical/ravdess_eight.py --corpus ravdess=DIR \
    --set features.normalise=speaker
Results: docs/results.md
"""

from keras_ser import Experiment
from keras_ser.experiments import CLASSICAL

config = Experiment(
    name="ravdess_eight",
    corpus="ravdess",
    labels="all",
    protocol="k_fold",
    protocol_arguments={"folds": 6},
    systems=CLASSICAL,
)
