"""Input tasks have what the pipeline did."""

import numpy as np
from toy_tasks import DECODER, TYPES


def test_input_tasks_have_what_the_pipeline_did(batch):
    label, weight = TYPES.target(batch)
    assert label is batch["type"] and weight is batch["type_weight"]
    label, weight = DECODER.target(batch)
    assert label is batch["reconstruction"]
    np.testing.assert_array_equal(weight, [1, 1])
