"""Classical rows: RAVDESS speech, all eight classes, six groups of four actors,
normalised by speaker.

Source: the usual classical row, openSMILE's functionals and an SVM; C = 1, RBF kernel,
gamma "scale", classes balanced, fixed and not searched; each speaker scaled by his own
utterances, the test speaker too (transductive, without labels).
Beside it, probes: what length alone and what the average spectrum carry.
Expected, UAR %: published, with all other actors in training: eGeMAPS 61.4,
ComParE 61.7.
Measured, pooled UAR %: eGeMAPS 60.4, ComParE 63.7, length 20.2, average
spectrum 49.0.

Data: RAVDESS, audio-only speech, 1440 utterances of eight emotions.
Cost: about six minutes on one CPU core, extraction included.
Needs: pip install 'keras_ser[opensmile]'
Command: keras-ser run configs/classical/ravdess_eight_speaker.py --corpus ravdess=DIR
"""

from keras_ser import Experiment, Features
from keras_ser.experiments import CLASSICAL

config = Experiment(
    name="ravdess_eight_speaker",
    corpus="ravdess",
    labels="all",
    protocol="k_fold",
    protocol_arguments={"folds": 6},
    systems=CLASSICAL,
    features=Features(normalise="speaker"),
)
