"""The table and the figures of systems with a discriminator."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from toy_runs import make_config, predictions, report_text, table_rows, write

from keras_ser import reports
from keras_ser.figures.codes import ACCURACY, COLUMNS, MOMENTS
from keras_ser.reports import reading
from keras_ser.reports.adversary import EXPLANATION, PRIORS
from keras_ser.reports.blocks import Figure
from keras_ser.reports.contents import contents

CAPTION = (
    "{}: the discriminator's accuracy on the development speech and the moments of the "
    "aggregated code, tested epoch, mean over folds and repeats"
)
LAST = (0.75, 0.1, 0.9, -0.2, 1.5)


def write_run(root, table, tested=LAST, arguments=None, **metrics):
    """A run whose second of three epochs, the tested one, has these values."""
    config = make_config(table, {"arguments": arguments or {}})
    folder = write(root, table, config, **{"epoch": 2, **metrics})
    other = [0.99] * len(COLUMNS)
    history = pd.DataFrame([other, tested, other], columns=list(COLUMNS))
    history.insert(0, "epoch", range(3))
    history.to_csv(folder / "history.csv", index=False)
    return folder


@pytest.mark.parametrize(
    ("prior", "known"),
    [("gaussian", stats.norm()), ("half_normal", stats.halfnorm())],
)
def test_the_moments_of_the_priors_are_right(prior, known):
    expected = np.array(known.stats("mvsk"), float)
    np.testing.assert_allclose([*PRIORS[prior].values()], expected, atol=1e-12)
    assert list(PRIORS[prior]) == list(MOMENTS)


def test_the_tested_epoch_is_averaged_over_repeats_then_folds(runs, tmp_path):
    assert "Adversary" not in report_text(runs, tmp_path)
    for fold, repeat, accuracy in (("03", 0, 0.5), ("03", 1, 0.7), ("08", 0, 0.9)):
        table = predictions("mtl", fold, repeat).assign(system="ss_aae")
        write_run(runs, table, (accuracy, *LAST[1:]))
    text = report_text(runs, tmp_path)
    assert "## Adversary" in text and EXPLANATION in text
    assert table_rows(text, CAPTION.format("toy")) == {
        "ss_aae": ["gaussian", "2", "75.0", "0.100", "0.900", "−0.200", "1.500"],
        "a code from gaussian": [
            *("gaussian", "–", "50.0", "0.000", "1.000", "0.000", "0.000")
        ],
    }
    header = "| System | Prior | Folds | Accuracy % | Mean | Variance | Skewness | Exc"
    assert header in text


def test_each_prior_has_its_row(tmp_path):
    for system, prior in (("a", "half_normal"), ("b", "gaussian"), ("c", "uniform")):
        table = predictions(system, "03").assign(system=system)
        write_run(tmp_path / "runs", table, arguments={"prior": prior})
    rows = table_rows(report_text(tmp_path / "runs", tmp_path), CAPTION.format("toy"))
    assert [rows[name][0] for name in "abc"] == ["half_normal", "gaussian", "uniform"]
    expected = ["half_normal", "–", "50.0", "0.798", "0.363", "0.995", "0.869"]
    assert rows["a code from half_normal"] == expected
    assert rows["a code from uniform"][2:] == ["50.0", "–", "–", "–", "–"]


def adversary_figures(path):
    """The adversary's figures of a report by their names, without drawing any."""
    blocks = contents(reading.read_runs(path))
    found = {block.name: block for block in blocks if isinstance(block, Figure)}
    return {name: each for name, each in found.items() if "adversary" in name}


def test_each_system_has_a_figure(tmp_path):
    for experiment, system in (("toy", "aae"), ("toy", "ss_aae"), ("other", "ss_aae")):
        table = predictions(system, "03").assign(system=system, experiment=experiment)
        write_run(tmp_path / "runs", table)
    found = adversary_figures(tmp_path / "runs/toy")
    assert list(found) == ["adversary_aae.png", "adversary_ss_aae.png"]
    figure = found["adversary_ss_aae.png"]
    assert figure.caption.startswith("toy, ss_aae: accuracy of the discriminator and")
    figure.draw(tmp_path / figure.name)
    assert (tmp_path / figure.name).read_bytes().startswith(b"\x89PNG")
    assert "adversary_other_ss_aae.png" in adversary_figures(tmp_path / "runs")


def test_runs_without_these_columns_or_without_epochs_are_left_out(tmp_path):
    root = tmp_path / "runs"
    write_run(root, predictions("ss_aae", "03"))
    write(root, predictions("cnn", "03"))
    (write(root, predictions("svm", "03"), epoch=None) / "history.csv").unlink()
    rows = table_rows(report_text(root, tmp_path), CAPTION.format("toy"))
    assert list(rows) == ["ss_aae", "a code from gaussian"]


def test_archives_have_the_section_too(tmp_path):
    write_run(tmp_path / "runs", predictions("ss_aae", "03"))
    folder = report_text(tmp_path / "runs", tmp_path / "a")
    (archive,) = reports.pack(tmp_path / "runs", tmp_path / "packed")
    assert report_text(archive, tmp_path / "b") == folder
    assert EXPLANATION in folder


def test_a_moment_that_is_not_a_number_is_a_dash(tmp_path):
    write_run(tmp_path / "runs", predictions("ss_aae", "03"), (0.5, *[math.nan] * 4))
    text = report_text(tmp_path / "runs", tmp_path)
    assert table_rows(text, CAPTION.format("toy"))["ss_aae"][2:] == ["50.0", *"––––"]
    (figure,) = adversary_figures(tmp_path / "runs").values()
    figure.draw(tmp_path / figure.name)
    assert (tmp_path / figure.name).read_bytes().startswith(b"\x89PNG")


def test_text_instead_of_numbers_is_rejected(tmp_path):
    folder = write_run(tmp_path / "runs", predictions("ss_aae", "03"))
    history = pd.read_csv(folder / "history.csv").assign(**{ACCURACY: "high"})
    history.to_csv(folder / "history.csv", index=False)
    with pytest.raises(ValueError, match="history.csv must hold numbers.*'high'"):
        report_text(tmp_path / "runs", tmp_path)


@pytest.mark.parametrize("epoch", [0, 4, None, "2"])
def test_an_epoch_that_history_lacks_is_rejected(tmp_path, epoch):
    write_run(tmp_path / "runs", predictions("ss_aae", "03"), epoch=epoch)
    with pytest.raises(
        ValueError, match=r"metrics.json must hold a number from 1 to 3"
    ):
        report_text(tmp_path / "runs", tmp_path)


def test_a_prior_of_another_type_is_rejected(tmp_path):
    table = predictions("ss_aae", "03")
    write_run(tmp_path / "runs", table, arguments={"prior": ["gaussian"]})
    with pytest.raises(ValueError, match="text as `systems.ss_aae.arguments.prior`"):
        report_text(tmp_path / "runs", tmp_path)
