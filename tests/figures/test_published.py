"""Measured next to published scores; tests/reports has the content of the panels."""

import pytest
from toy_figures import MEASURED, PRINTED

from keras_ser import figures
from keras_ser.figures import published


@pytest.mark.parametrize(
    ("measured", "printed"), [({}, {}), ({"emodb": MEASURED}, {"emodb": PRINTED[:1]})]
)
def test_panels_need_the_same_systems(measured, printed, tmp_path):
    with pytest.raises(ValueError, match="at least one panel, all with the same syst"):
        figures.measured_and_published(measured, printed, "UAR", tmp_path / "bad.png")
    assert not list(tmp_path.iterdir())


def test_titles_of_many_corpora_are_wrapped():
    title = published._wrap("emodb+emovo+epst+iemocap+ravdess+savee → tess")
    assert max(map(len, title.splitlines())) <= 26
    assert title.replace("+\n", "+").replace("\n", " ") == (
        "emodb+emovo+epst+iemocap+ravdess+savee → tess"
    )
    assert published._wrap("ravdess → emodb") == "ravdess → emodb"
