"""Classical rows: EMO-DB, all seven classes, leaving one speaker out.

Source: the usual classical row, openSMILE's functionals and an SVM; C = 1, RBF kernel,
gamma "scale", classes balanced, fixed, not searched; scaled by the training speakers.
Beside it, probes: what length alone and what the average spectrum carry.
Expected, UAR %: published, with everybody but the test speaker in training:
eGeMAPS 63.2, ComParE 74.7.
Measured, pooled UAR %: eGeMAPS 63.2, ComParE 74.2, length 25.8, average
spectrum 52.6; means of folds 61.0, 71.1, 26.6, 53.3. With the development speakers in
training, means of folds: eGeMAPS 63.4, ComParE 73.6.

Data: EMO-DB (release of 2005), 535 utterances of seven emotions.
Cost: about two minutes on one CPU core, extraction included.
Needs: pip install 'keras_ser[opensmile]'
Command: keras-ser run configs/classical/emodb_seven.py --corpus emodb=DIR
"""

from keras_ser import Experiment
from keras_ser.experiments import CLASSICAL

config = Experiment(
    name="emodb_seven",
    corpus="emodb",
    labels="all",
    systems=CLASSICAL,
)
