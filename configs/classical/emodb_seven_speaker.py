"""Classical rows: EMO-DB, all seven classes, leaving one speaker out,
normalised by speaker.

Source: the usual classical row, openSMILE's functionals and an SVM; C = 1, RBF kernel,
gamma "scale", classes balanced, fixed and not searched; each speaker scaled by his own
utterances, the test speaker too (transductive, without labels).
Beside it, probes: what length alone and what the average spectrum carry.
Expected, UAR %: published, with everybody but the test speaker in training:
eGeMAPS 80.1, ComParE 82.2 to 83.6.
Measured, pooled UAR %: eGeMAPS 77.3, ComParE 82.9, length 24.1, average
spectrum 63.1; means of folds 74.9, 81.1, 25.6, 62.3. With the development speakers in
training, means of folds: eGeMAPS 75.8, ComParE 84.5.

Data: EMO-DB (release of 2005), 535 utterances of seven emotions.
Cost: about two minutes on one CPU core, extraction included.
Needs: pip install 'keras_ser[opensmile]'
Command: keras-ser run configs/classical/emodb_seven_speaker.py --corpus emodb=DIR
"""

from keras_ser import Experiment, Features
from keras_ser.experiments import CLASSICAL

config = Experiment(
    name="emodb_seven_speaker",
    corpus="emodb",
    labels="all",
    systems=CLASSICAL,
    features=Features(normalise="speaker"),
)
