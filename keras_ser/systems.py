"""The systems that stand beside each other in a table, as rows of an experiment."""

from collections.abc import Mapping

from keras_ser.config import System
from keras_ser.models import BASELINE

_OBJECTIVE = {"center": 1e-3, "auxiliary": 0.3}

# Latif et al. 2022, Table 2. `mtl_aug` is tested against `baseline_augmented`, the
# baseline's network on the same augmented rows.
NETWORKS: Mapping[str, System] = {
    "baseline": System(arguments=BASELINE, augment=()),
    "baseline_augmented": System(arguments=BASELINE),
    "mtl_aug": System(objective=_OBJECTIVE),
    "mtl_aug_librispeech": System(objective=_OBJECTIVE, unlabelled=True),
}

# C = 1, RBF kernel, classes balanced; and what length and average spectrum carry.
CLASSICAL: Mapping[str, System] = {
    "egemaps_svm": System(
        "OpenSmileSVM", arguments={"features": "eGeMAPSv02"}, augment=()
    ),
    "compare_svm": System(
        "OpenSmileSVM", arguments={"features": "ComParE_2016"}, augment=()
    ),
    "length_probe": System("LengthProbe", augment=()),
    "mean_log_mel_probe": System("MeanLogMelProbe", augment=()),
}
