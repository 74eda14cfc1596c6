"""From the files of finished runs to tables and figures.

Reports are made from `config.json`, `predictions.csv`, `metrics.json`, `history.csv`,
`probes.csv`, `embeddings.csv` and `skipped.csv` alone, never from a model. A report
holds no date, commit or path: the same runs give the same bytes, in whatever order
their folders are listed. `pack` puts these files into one archive per experiment, which
is read like a folder of runs.
"""

from keras_ser.reports.cells import uar_with_interval
from keras_ser.reports.comparison import Difference, difference
from keras_ser.reports.overview import overview
from keras_ser.reports.packing import pack
from keras_ser.reports.published_figures import load_published
from keras_ser.reports.reading import read
from keras_ser.reports.report import FORMATS, write
from keras_ser.reports.selection import check_speakers, shared_speakers
from keras_ser.reports.test_sets import by_test_set

__all__ = [
    "FORMATS",
    "Difference",
    "by_test_set",
    "check_speakers",
    "difference",
    "load_published",
    "overview",
    "pack",
    "read",
    "shared_speakers",
    "uar_with_interval",
    "write",
]
