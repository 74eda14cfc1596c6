"""Classical rows: RAVDESS speech, all eight classes, six groups of four actors.

Source: the usual classical row, openSMILE's functionals and an SVM; C = 1, RBF kernel,
gamma "scale", classes balanced, fixed, not searched; scaled by the training speakers.
Beside it, probes: what length alone and what the average spectrum carry.
Expected, UAR %: published, with all other actors in training: eGeMAPS 49.7,
ComParE 55.6.
Measured, pooled UAR %: eGeMAPS 47.8, ComParE 54.5, length 18.4, average
spectrum 36.8.

Data: RAVDESS, audio-only speech, 1440 utterances of eight emotions.
Cost: about six minutes on one CPU core, extraction included.
Needs: pip install 'keras_ser[opensmile]'
Command: keras-ser run configs/classical/ravdess_eight.py --corpus ravdess=DIR
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
