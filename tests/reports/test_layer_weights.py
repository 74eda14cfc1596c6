"""The table of the layers of a pre-trained network."""

import pytest
from toy_runs import make_config, predictions, report_text, table_rows, write

from keras_ser.reports.layer_weights import EXPLANATION

CAPTION = (
    "toy: the weight of each layer in the sum that a network reads, mean over runs ± "
    "sample standard deviation"
)


def write_run(root, fold, weights, system="mtl"):
    table = predictions("mtl", fold).assign(system=system)
    return write(root, table, make_config(table), layer_weights=weights)


def test_weights_are_averaged_over_runs(runs, tmp_path):
    assert "Layers of the front-end" not in report_text(runs, tmp_path)
    write_run(runs, "03", [0.5, 0.25, 0.25], "frames")
    write_run(runs, "08", [0.7, 0.2, 0.1], "frames")
    write_run(runs, "03", [0.4, 0.6], "others")
    text = report_text(runs, tmp_path)
    assert "## Layers of the front-end" in text and EXPLANATION in text
    assert table_rows(text, CAPTION) == {
        "frames": ["2", "0.600 ± 0.141", "0.225 ± 0.035", "0.175 ± 0.106"],
        "others": ["1", "0.400", "0.600", ""],
    }


@pytest.mark.parametrize(
    "weights", [[0.5, 0.6], [1.0], "no", [0.5, "0.5"], [1.5, -0.5], {"a": 1}]
)
def test_impossible_weights_are_rejected(weights, runs, tmp_path):
    write_run(runs, "03", weights, "frames")
    with pytest.raises(ValueError, match="sum to 1 as `layer_weights`"):
        report_text(runs, tmp_path)


def test_runs_of_a_system_have_as_many_layers(runs, tmp_path):
    write_run(runs, "03", [0.5, 0.5], "frames")
    write_run(runs, "08", [0.5, 0.25, 0.25], "frames")
    with pytest.raises(ValueError, match=r"in all runs of `frames`.*\[2, 3\] layers"):
        report_text(runs, tmp_path)
