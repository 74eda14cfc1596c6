"""Classical rows: EMO-DB, four classes, leaving one speaker out,
normalised by speaker.

Source: the usual classical row, openSMILE's functionals and an SVM; C = 1, RBF kernel,
gamma "scale", classes balanced, fixed and not searched; each speaker scaled by his own
utterances, the test speaker too (transductive, without labels).
Beside it, probes: what length alone and what the average spectrum carry.
Expected, UAR %: published, with everybody but the test speaker in training:
eGeMAPS 84.2, ComParE 87.2 to 90.0.
Measured, pooled UAR %: eGeMAPS 85.1, ComParE 87.5, length 38.8, average
spectrum 83.4; means of folds 84.0, 86.8, 39.5, 82.2. With the development speakers in
training, means of folds: eGeMAPS 85.8, ComParE 90.0.

Data: EMO-DB (release of 2005), 339 utterances of anger, happiness, neutral, sadness.
Cost: about a minute on one CPU core, extraction included.
Needs: pip install 'keras_ser[opensmile]'
Command: keras-ser run configs/classical/emodb_four_speaker.py --corpus emodb=DIR
"""

from keras_ser import Experiment, Features
from keras_ser.experiments import CLASSICAL

config = Experiment(
    name="emodb_four_speaker",
    corpus="emodb",
    labels="four",
    systems=CLASSICAL,
    features=Features(normalise="speaker"),
)
