"""A batch as the pipeline hands it to tasks."""

import numpy as np
import pytest


@pytest.fixture
def batch(rng):
    """Two rows, the second of which is a mixture."""
    soft = np.float32([[1, 0, 0], [0.4, 0, 0.6]])
    hard = np.float32([[1, 0, 0], [0, 0, 1]])
    return {
        "reconstruction": rng.normal(size=(2, 5, 4)),
        "labels": {"emotion": soft, "center": soft, "valence": np.ones((2, 1))},
        "known": dict.fromkeys(("emotion", "center", "valence"), np.float32([1, 0.5])),
        "unmixed_labels": {"center": hard},
        "unmixed_known": {"center": np.float32([1, 1])},
        "is_unmixed": np.float32([1, 0]),
        "type": np.float32([[1, 0], [0, 1]]),
        "type_weight": np.float32([0.5, 1.5]),
        "ones": np.ones(2, "float32"),
    }
