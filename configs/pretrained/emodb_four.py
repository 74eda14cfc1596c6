r"""Frozen frames of a speaker encoder: EMO-DB, four classes, leaving one speaker out.

Source: the systems of Latif et al. 2022 (IEEE TAC), Table 2, on the states of a GE2E
    speaker encoder (Wan et al. 2018) instead of log-mel. The encoder is not trained on.
Expected, UAR %: not available. No paper has these systems on these features.

`frame_svm` is an SVM with an RBF kernel, C = 1, on the mean and standard deviation of
the frames. `untrained_svm` is the same on the same network with random weights, which
shows what the shape of the network alone gives, and `egemaps_svm` is that of the
classical configs. The networks have the encoder of frames. The primary comparison,
`mtl_aug` against `baseline_augmented` on the same rows, asks whether augmentation type
and reconstruction add anything on frozen features.

All three layers of the encoder are features. The SVM gets them side by side, and the
networks learn a weighted sum of them.

Preset `small`: two rows per utterance and epoch, 20 epochs at learning rate 1e-3. The
last epoch is tested, so that development speakers select nothing.

Normalised by the training speakers. A second time, which is declared here, normalised
by speaker: each speaker is scaled by their own utterances, without their labels.

Data: EMO-DB (release of 2005), 339 utterances of anger, happiness, neutral, sadness.
Needs: pip install 'keras_ser[opensmile]' and pip install --no-deps resemblyzer
Command: keras-ser run configs/pretrained/emodb_four.py --corpus emodb=DIR
Normalised by speaker, into runs/emodb_four_ge2e_speaker: the same with
    --set features.normalise=speaker
Results: docs/results.md
"""

from keras_ser import Experiment, Features, System
from keras_ser.experiments import CLASSICAL, frame_systems

UNTRAINED = {"front_end": "SpeakerEncoder", "settings": {"trained": False}}
SYSTEMS = frame_systems()

config = Experiment(
    name="emodb_four_ge2e",
    corpus="emodb",
    labels="four",
    systems={
        "frame_svm": SYSTEMS.pop("frame_svm"),
        "untrained_svm": System("FrameSVM", arguments=UNTRAINED, augment=()),
        "egemaps_svm": CLASSICAL["egemaps_svm"],
        **SYSTEMS,
    },
    features=Features(front_end="SpeakerEncoder"),
    repeats=3,
    primary="mtl_aug",
)
