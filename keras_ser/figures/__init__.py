"""Every drawing of the package: arrays in, one PNG out.

matplotlib is imported inside the functions and used without pyplot, so that
drawing touches no global figure and needs no display. Style, metadata and
fonts are fixed: equal input gives equal bytes with one matplotlib version.
Colours are those of Okabe and Ito and of cividis, which survive the common
forms of colour blindness. `path` may also be an open binary file.
"""

from keras_ser.figures.published import beside_published
from keras_ser.figures.results import confusion_matrix, speaker_bars
from keras_ser.figures.spectrograms import attention, reconstruction
from keras_ser.figures.style import COLOURS, MARKERS, drawing
from keras_ser.figures.training import deep_features, history

__all__ = [
    "COLOURS",
    "MARKERS",
    "attention",
    "beside_published",
    "confusion_matrix",
    "deep_features",
    "drawing",
    "history",
    "reconstruction",
    "speaker_bars",
]
