"""Classical rows: EMO-DB, four classes, leaving one speaker out.

Source: the usual classical row, openSMILE's functionals and an SVM; C = 1, RBF kernel,
gamma "scale", classes balanced, fixed, not searched; scaled by the training speakers.
Beside it, probes: what length alone and what the average spectrum carry.
Expected, UAR %: published, with everybody but the test speaker in training:
eGeMAPS 74.0, ComParE 79.4 to 81.8.
Measured, pooled UAR %: eGeMAPS 76.2, ComParE 84.3, length 42.5, average
spectrum 74.9; means of folds 73.3, 81.7, 42.1, 72.0. With the development speakers in
training, means of folds: eGeMAPS 73.9, ComParE 81.8.

Data: EMO-DB (release of 2005), 339 utterances of anger, happiness, neutral, sadness.
Cost: about a minute on one CPU core, extraction included.
Needs: pip install 'keras_ser[opensmile]'
Command: keras-ser run configs/classical/emodb_four.py --corpus emodb=DIR
"""

from keras_ser import Experiment
from keras_ser.experiments import CLASSICAL

config = Experiment(
    name="emodb_four",
    corpus="emodb",
    labels="four",
    systems=CLASSICAL,
)
