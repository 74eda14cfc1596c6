r"""Features that were computed elsewhere: EMO-DB, four classes.

Source: the systems of Latif et al. 2022 (IEEE TAC), Table 2, on frames that another
    program stored, one array per audio file. docs/pretrained.md says how.
Expected, UAR %: depends on the features.

`frame_svm` is an SVM with an RBF kernel, C = 1, on the mean and standard deviation of
the frames. The networks train on masked and mixed frames, but not on speech at another
speed, of which there would have to be features too.

Another corpus: name it instead of EMO-DB, --corpus ravdess=DIR, and choose its labels
by --set labels=all.

Data: EMO-DB (release of 2005), 339 utterances of anger, happiness, neutral, sadness.
Command: keras-ser run configs/pretrained/stored.py --corpus emodb=DIR \
    --set features.settings.folder=FEATURES --set features.settings.hop_seconds=0.02
"""

from keras_ser import Experiment, Features
from keras_ser.experiments import frame_systems

config = Experiment(
    name="emodb_four_stored",
    corpus="emodb",
    labels="four",
    systems=frame_systems(speed=False),
    features=Features(front_end="Stored"),
    primary="mtl_aug",
)
