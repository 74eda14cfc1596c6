"""All figures of the package: each function draws arrays into one PNG file.

matplotlib is imported inside the functions and used without pyplot, so drawing
touches no global figure and needs no display. Style, metadata and fonts are fixed:
with one version of matplotlib, equal input gives equal bytes. The colours are those of
Okabe and Ito and of the map cividis, which can be told apart under the common forms of
colour blindness. Each `path` may also be an open binary file.
"""

from keras_ser.figures.codes import adversary
from keras_ser.figures.embeddings import embedding_panels
from keras_ser.figures.published import measured_and_published
from keras_ser.figures.results import (
    confusion_matrix,
    speaker_bars,
    system_scores,
    truth_and_prediction,
)
from keras_ser.figures.spectrograms import attention, reconstruction
from keras_ser.figures.style import COLOURS, MARKERS, drawing
from keras_ser.figures.timeline import timeline
from keras_ser.figures.training import dev_curves, embedding, history

__all__ = [
    "COLOURS",
    "MARKERS",
    "adversary",
    "attention",
    "measured_and_published",
    "confusion_matrix",
    "dev_curves",
    "embedding",
    "embedding_panels",
    "drawing",
    "history",
    "reconstruction",
    "speaker_bars",
    "system_scores",
    "timeline",
    "truth_and_prediction",
]
