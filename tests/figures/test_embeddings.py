"""The figure of several embeddings."""

import io

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from toy_figures import FEW, MANY

from keras_ser import figures
from keras_ser.figures.embeddings import UNKNOWN_COLOUR


@pytest.fixture
def drawn(monkeypatch):
    """A function that draws, and returns the figure."""
    made, save = [], Figure.savefig

    def record(figure, *arguments, **options):
        made.append(figure)
        return save(figure, *arguments, **options)

    monkeypatch.setattr(Figure, "savefig", record)

    def draw(panels, title=""):
        figures.embedding_panels(panels, io.BytesIO(), title)
        return made[-1]

    return draw


def looks(axes) -> dict[tuple, tuple[str, int]]:
    """The colour and the number of the marker of each point."""
    found = {}
    for number, points in enumerate(axes.collections):
        colours = points.get_facecolors()
        colours = np.resize(colours, (len(points.get_offsets()), 4))
        for place, colour in zip(points.get_offsets(), colours, strict=True):
            found[tuple(place)] = to_hex(colour), number
    return found


def by_value(axes, table) -> dict[str, set]:
    known, found = looks(axes), {}
    for x, y, value in table.itertuples(index=False):
        found.setdefault(value, set()).add(known[x, y])
    return found


def test_points_of_a_value_look_alike_in_all_panels(drawn):
    other = FEW[FEW.value != "deu"]
    left, right, *rest = drawn({"a": FEW, "b": other}).axes
    one, two = by_value(left, FEW), by_value(right, other)
    assert all(len(each) == 1 for each in one.values())
    assert len(set.union(*one.values())) == 4
    assert two == {value: look for value, look in one.items() if value != "deu"}
    assert one[""].pop()[0] == UNKNOWN_COLOUR
    assert not rest


def test_a_legend_names_few_values_and_the_title_counts_many(drawn):
    few, many = drawn({"a": FEW}, "language"), drawn({"a": MANY}, "speaker")
    texts = [text.get_text() for text in few.legends[0].get_texts()]
    assert texts == ["deu", "eng", "ita", "unknown"]
    assert few.get_suptitle() == "language"
    assert not many.legends
    assert many.get_suptitle() == "speaker (24 different ones)"


def test_twenty_four_values_look_different(drawn):
    (axes,) = drawn({"a": MANY}).axes
    found = by_value(axes, MANY)
    assert len(set.union(*found.values())) == len(found) == 24


def test_panels_are_in_rows_of_four_under_their_names(drawn):
    names = ["a", "gr_corpus_speaker_gender_language", "c", "d", "e"]
    axes = drawn(dict.fromkeys(names, FEW)).axes
    titles = [each.get_title().replace("\n", "") for each in axes]
    assert titles[:5] == names
    assert axes[1].get_title() == "gr_corpus_speaker_\ngender_language"
    assert [each.axison for each in axes] == [True] * 5 + [False] * 3


@pytest.mark.parametrize(
    ("panels", "words"),
    [
        ({}, "Received: no panel"),
        ({"a": FEW.iloc[:0]}, "Received: 'a' without them"),
        ({"a": FEW, "b": FEW.drop(columns="x")}, "Received: 'b' without them"),
        ({"a": FEW.assign(y=np.nan)}, "Received: 'a' without them"),
        ({"a": pd.DataFrame()}, "Received: 'a' without them"),
    ],
)
def test_bad_input_is_rejected_and_leaves_no_file(panels, words, tmp_path):
    with pytest.raises(ValueError, match=words):
        figures.embedding_panels(panels, tmp_path / "bad.png")
    assert not list(tmp_path.iterdir())
