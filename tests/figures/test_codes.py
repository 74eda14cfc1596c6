"""The figure of a discriminator's accuracy and of the moments of the code."""

import io

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from toy_figures import CODES, PRIOR

from keras_ser import figures
from keras_ser.figures.codes import ACCURACY, MOMENTS


@pytest.fixture
def drawn(monkeypatch):
    """A function that draws, and returns both panels."""
    made, save = [], Figure.savefig

    def record(figure, *arguments, **options):
        made.append(figure)
        return save(figure, *arguments, **options)

    monkeypatch.setattr(Figure, "savefig", record)

    def draw(*arguments, **options):
        figures.adversary(*arguments, path=io.BytesIO(), **options)
        return made[-1].axes

    return draw


def curves(axes, colour) -> tuple[list, list]:
    """The thin and the thick solid lines of a colour."""
    lines = [line for line in axes.lines if line.get_color() == colour]
    lines = [line for line in lines if line.get_linestyle() == "-"]
    thin = [line for line in lines if line.get_linewidth() < 1]
    return thin, [line for line in lines if line not in thin]


def legend(axes) -> list[str]:
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_accuracies_are_in_percent_with_their_mean_and_chance(drawn):
    upper, _ = drawn(CODES)
    thin, (mean,) = curves(upper, figures.COLOURS[0])
    expected = np.array([100 * frame[ACCURACY] for frame in CODES])
    np.testing.assert_allclose([line.get_ydata() for line in thin], expected)
    np.testing.assert_allclose(mean.get_ydata(), expected.mean(axis=0))
    assert list(mean.get_xdata()) == [1, 2, 3, 4, 5, 6]
    (chance,) = [line for line in upper.lines if line.get_label() == "chance"]
    assert set(chance.get_ydata()) == {50}
    assert legend(upper) == ["discriminator", "chance"]
    assert upper.get_ylabel() == "accuracy, development (%)"


def test_moments_have_the_values_of_the_prior_in_their_colours(drawn):
    _, lower = drawn(CODES, prior=PRIOR)
    for colour, column in zip(figures.COLOURS, MOMENTS, strict=False):
        thin, (mean,) = curves(lower, colour)
        expected = np.array([frame[column] for frame in CODES])
        np.testing.assert_allclose([line.get_ydata() for line in thin], expected)
        np.testing.assert_allclose(mean.get_ydata(), expected.mean(axis=0))
        (dashed,) = [
            line
            for line in lower.lines
            if line.get_linestyle() == "--" and line.get_color() == colour
        ]
        assert set(dashed.get_ydata()) == {PRIOR[column]}
    assert legend(lower) == [*MOMENTS.values(), "prior"]
    assert lower.get_xlabel() == "epoch"
    assert lower.get_ylabel() == "moments of the code, development"


def test_without_a_prior_there_is_no_dashed_line(drawn):
    _, lower = drawn(CODES)
    assert all(line.get_linestyle() == "-" for line in lower.lines)
    assert legend(lower) == [*MOMENTS.values()]


def test_the_title_counts_the_trainings(drawn):
    upper, _ = drawn(CODES, title="toy, ss_aae")
    assert upper.get_title() == "toy, ss_aae, mean of 2 trainings"
    upper, _ = drawn(CODES[:1], title="ss_aae")
    assert upper.get_title() == "ss_aae"
    upper, _ = drawn(CODES[:1], title="a_long_name" * 10)
    assert max(map(len, upper.get_title().splitlines())) == 60


def test_a_mean_ends_with_the_shortest_training_and_files_are_read(drawn, tmp_path):
    CODES[1][:3].to_csv(tmp_path / "history.csv", index=False)
    upper, _ = drawn([CODES[0], tmp_path / "history.csv"])
    thin, (mean,) = curves(upper, figures.COLOURS[0])
    assert [len(line.get_xdata()) for line in (*thin, mean)] == [6, 3, 3]


@pytest.mark.parametrize(
    ("runs", "prior", "words"),
    [
        ([], None, "Received: 0 trainings"),
        ([CODES[0][:0]], None, "with 0 epochs"),
        ([CODES[0], pd.DataFrame({"epoch": [0]})], None, r"columns \['epoch'\]"),
        (CODES, {"mean": 0.0}, "`prior` must have .*Received: {'mean': 0.0}"),
        (CODES, {"val_code_mean": np.nan}, "`prior` must have finite numbers"),
    ],
)
def test_bad_input_is_rejected_and_leaves_no_file(runs, prior, words, tmp_path):
    with pytest.raises(ValueError, match=words):
        figures.adversary(runs, tmp_path / "bad.png", prior)
    assert not list(tmp_path.iterdir())
