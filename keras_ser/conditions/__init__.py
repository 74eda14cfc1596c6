"""Conditions under which a recogniser is tested, written as text.

| text | what is done |
|---|---|
| `clean` | nothing |
| `noise:rain:10` | noise of one kind is mixed in at 10 dB; `all` draws the kind |
| `gain:-20` | the speech is made 20 dB softer |
| `band:4000` | everything above 4000 Hz is removed |
| `codec:mp3`, `codec:opus:0.9` | lossy coding, with a compression of 0 to 1 |
| `fgsm:0.08`, `bim:0.08`, `pgd:0.08` | the features are attacked |

All conditions except attacks transform the waveform. If features are normalised by
speaker, the statistics are those of the degraded speech. Attacks change normalised
features, and they need the true emotion.
"""

from keras_ser.conditions.checks import check, check_training
from keras_ser.conditions.condition import Condition
from keras_ser.conditions.degraded import CODECS
from keras_ser.conditions.drawn import training_transform
from keras_ser.conditions.registry import CONDITIONS, parse, published_name

__all__ = [
    "CODECS",
    "CONDITIONS",
    "Condition",
    "check",
    "check_training",
    "parse",
    "published_name",
    "training_transform",
]
