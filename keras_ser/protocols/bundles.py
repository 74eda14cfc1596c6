"""Which utterances of a table share audio, so that no two sides may have them."""

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from keras_ser.protocols import leaks


def bundles(rows: pd.DataFrame) -> np.ndarray:
    """Numbers that are equal for utterances that overlap or are copies, `(rows,)`."""
    origin = pd.factorize(rows.utterance.map(leaks.origins(rows)))[0]
    audio = leaks.overlap_groups(rows)
    nodes = len(rows) + origin.max() + 1 + audio.max() + 1
    own = np.arange(len(rows))
    ends = np.concatenate([len(rows) + origin, len(rows) + origin.max() + 1 + audio])
    edges = np.ones(2 * len(rows)), (np.concatenate([own, own]), ends)
    graph = coo_array(edges, shape=(nodes, nodes))
    return connected_components(graph, directed=False)[1][: len(rows)]
