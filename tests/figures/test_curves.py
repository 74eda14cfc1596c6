"""Panels of curves: what is drawn where, repeatable bytes, rejected input."""

import io

import matplotlib
import numpy as np
import pytest
from matplotlib import image
from matplotlib.axes import Axes

from keras_ser.figures import curves
from keras_ser.figures.curves import Panel


def line(*values):
    """Scores with an interval of a tenth around them."""
    values = np.array(values, float)
    return np.stack([values, values - 0.05, values + 0.05], axis=1)


PANELS = [
    Panel("noise: rain", "SNR (dB)", ("0", "10", "clean"), {
        "baseline": line(0.3, 0.5, 0.8), "mtl_aug": line(0.4, np.nan, 0.9),
    }, clean=2),
    Panel("FGSM", "ε", ("clean", "0.08"), {"baseline": line(0.8, 0.2)}),
    Panel("codec", "lossy coding", ("clean", "mp3"), {
        "mtl_aug": line(0.9, 0.85)
    }, joined=False),
]  # fmt: skip


def drawn(panels=PANELS, **options):
    stream = io.BytesIO()
    curves.draw(panels, stream, **options)
    return stream.getvalue()


@pytest.fixture
def bars(monkeypatch):
    """The arguments of each call of `errorbar`."""
    calls, errorbar = [], Axes.errorbar

    def record(axes, x, y, **style):
        calls.append((axes, np.asarray(x), np.asarray(y), style))
        return errorbar(axes, x, y, **style)

    monkeypatch.setattr(Axes, "errorbar", record)
    return calls


def test_scores_are_drawn_at_their_ticks_with_their_intervals(bars):
    drawn()
    axes, x, y, style = bars[0]
    assert axes.get_title() == "noise: rain"
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["0", "10", "clean"]
    np.testing.assert_allclose(x, [0, 1, 2], atol=0.1)
    np.testing.assert_allclose(y, [30, 50, 80])
    np.testing.assert_allclose(style["yerr"], 5.0)


def test_a_system_looks_the_same_in_every_panel(bars):
    drawn()
    looks = {}
    for _, _, _, style in bars:
        looks.setdefault(style["label"], set()).add((style["color"], style["marker"]))
    assert all(len(found) == 1 for found in looks.values())
    assert looks["baseline"] != looks["mtl_aug"]


def test_levels_without_a_quantity_are_not_joined(bars):
    drawn()
    assert [style["linestyle"] for *_, style in bars] == ["-", "-", "-", "none"]


def test_all_panels_share_limits_that_include_everything(bars):
    drawn(chance=0.1)
    limits = {axes.get_ylim() for axes, *_ in bars}
    assert limits == {(5.0, 100.0)}
    drawn([Panel("gain", "dB", ("0", "clean"), {"mtl_aug": line(0.0, 1.0)})])
    assert bars[-1][0].get_ylim() == (-2.0, 102.0)  # whole markers at 0 and 100


@pytest.mark.parametrize(("name", "angle"), [("mp3", 0), ("opus:0.5", 30)])
def test_many_levels_have_rotated_labels(bars, name, angle):
    levels = tuple(f"{name}{number}" for number in range(4))
    drawn([Panel("codec", "lossy coding", levels, {"mtl_aug": line(*[0.5] * 4)})])
    assert {text.get_rotation() for text in bars[0][0].get_xticklabels()} == {angle}


def test_same_input_same_bytes_whatever_the_users_style():
    with matplotlib.rc_context({"axes.labelcolor": "red", "savefig.dpi": 30}):
        assert drawn() == drawn()
    assert drawn() == drawn(PANELS) != drawn(chance=0.25)


@pytest.mark.parametrize("count", [1, 4, 11])
def test_any_number_of_panels_fits(count):
    pixels = image.imread(io.BytesIO(drawn(PANELS[:1] * count, chance=0.5)))[..., :3]
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    assert border.min() == 1
    assert pixels.min() < 0.3


@pytest.mark.parametrize(
    ("panels", "words"),
    [
        ([], "at least one panel. Received: none"),
        (
            [Panel("a", "b", ("1", "2"), {"x": line(0.5)})],
            r"'x' of panel 'a'.*\(2, 3\)",
        ),
    ],
)
def test_bad_input_is_rejected_and_leaves_no_file(panels, words, tmp_path):
    with pytest.raises(ValueError, match=words):
        curves.draw(panels, tmp_path / "a.png")
    assert not list(tmp_path.iterdir())
