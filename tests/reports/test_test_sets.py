"""What reports say of other corpora, published figures and few labels."""

import json

import pytest
from toy_runs import config_of, predictions, rows_of, write

from keras_ser import reports
from keras_ser.reports.fractions import CAPTION
from keras_ser.reports.test_sets import base_protocol

PAPER = "Latif et al. 2022 (MTL-AUG)"


def config(table, system=None, **changes) -> dict:
    found = {**config_of(table), **changes}
    name = str(table["system"].iloc[0])
    found["systems"][name].update(system or {})
    return found


def build(root, out, formats=("md",), **options) -> str:
    reports.build([root], out, formats=formats, **options)
    return (out / "report.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("settings", "protocol"),
    [
        ({"protocol": "k_fold", "protocol_arguments": {"folds": 3}}, "k_fold"),
        (
            {
                "protocol": "label_fraction",
                "protocol_arguments": {"protocol": "k_fold"},
            },
            "k_fold",
        ),
        (
            {
                "protocol": "label_fraction",
                "protocol_arguments": {
                    "protocol": "cross_corpus",
                    "arguments": {"train": "a", "test": "b"},
                },
            },
            "cross_corpus",
        ),
        ({}, ""),
    ],
)
def test_the_protocol_below_decides(settings, protocol):
    assert base_protocol(settings) == protocol


@pytest.fixture
def across(tmp_path):
    """Two systems trained on RAVDESS and tested on EMO-DB."""
    for system in ("baseline", "mtl_aug"):
        table = predictions(system, "1").assign(fold="ravdess-emodb")
        protocol = {"protocol": "cross_corpus", "corpus": ["ravdess", "emodb"]}
        write(
            tmp_path / "runs",
            table,
            config(table, **protocol, published="mtl_aug:3"),
        )
    return tmp_path / "runs"


def test_a_corpus_after_another_is_a_place_of_its_own(across, tmp_path):
    text = build(across, tmp_path)
    assert "## toy: ravdess → emodb, clean" in text
    assert "corpora ravdess, emodb, label set" in text


def test_a_hyphen_in_a_corpus_is_no_arrow(tmp_path):
    table = predictions("baseline", "1").assign(fold="my-calls-emodb")
    protocol = {"protocol": "cross_corpus", "corpus": ["my-calls", "emodb"]}
    write(tmp_path / "runs", table, config(table, **protocol))
    assert "## toy: my-calls → emodb, clean" in build(tmp_path / "runs", tmp_path)


def test_published_figures_stand_beside_what_was_measured(across, tmp_path):
    text = build(across, tmp_path, formats=("md", "png", "tex"))
    rows = rows_of(text, f"{PAPER}, Table 3: UAR %, published and measured")
    published, measured = rows["mtl_aug"]
    assert published == "47.2 ± 0.4"
    assert measured.startswith(
        rows_of(text, "ravdess → emodb, clean: scores")["mtl_aug"][3]
    )
    assert "measured: ravdess → emodb †" in text
    assert (tmp_path / "published.png").read_bytes().startswith(b"\x89PNG")
    assert "ravdess" in (tmp_path / "report.tex").read_text("utf-8")


def test_rebuilding_without_models_gives_the_same_bytes(across, tmp_path):
    model = next(across.rglob("config.json")).with_name("model.keras")
    model.write_text("a model")
    first = build(across, tmp_path / "one")
    model.unlink()
    assert build(across, tmp_path / "two") == first


def test_runs_that_name_other_published_figures_are_alike(across, tmp_path):
    path = sorted(across.rglob("config.json"))[-1]
    path.write_text(json.dumps({**json.loads(path.read_text()), "published": ""}))
    assert "Table 3" in build(across, tmp_path)


def test_few_labels_are_lines_over_their_share(tmp_path):
    for system, fraction in (
        ("mtl_aug_20", 0.2),
        ("mtl_aug_100", 1.0),
        ("base_20", 0.2),
    ):
        table = predictions("x" * round(10 * fraction), "1").assign(system=system)
        found = config(table, {"label_fraction": fraction})
        write(tmp_path / "runs", table, found)
    text = build(tmp_path / "runs", tmp_path, formats=("md", "png"))
    rows = rows_of(text, f"emodb: {CAPTION}")
    main = rows_of(text, "emodb, clean: scores")
    assert rows["20 %"] == [main["base_20"][3], main["mtl_aug_20"][3]]
    assert rows["100 %"] == ["–", main["mtl_aug_100"][3]]
    assert (tmp_path / "labels.png").read_bytes().startswith(b"\x89PNG")
    assert rows_of(text, "toy: systems")["base_20"][-1] == "20 %"


def test_lines_of_few_labels_have_the_same_folds(tmp_path):
    """Not other speakers at 20 % than at 100 %; and a system of 100 % is no line."""
    folds = {"mtl_aug_20": "12", "mtl_aug": "123", "svm": "123"}
    for system, fraction in (("mtl_aug_20", 0.2), ("mtl_aug", 1.0), ("svm", 1.0)):
        for fold in folds[system]:
            table = predictions("x" * int(fold), fold).assign(system=system)
            write(tmp_path / "runs", table, config(table, {"label_fraction": fraction}))
    text = build(tmp_path / "runs", tmp_path)
    assert "Left out, as not all of these systems have it: fold 3 repeat 0." in text
    rows = rows_of(text, f"emodb: {CAPTION}")
    common = rows_of(text, "emodb, clean: scores on the common folds")
    assert rows["20 %"] == [common["mtl_aug_20"][3]]
    assert rows["100 %"] == [common["mtl_aug"][3]]
    other = predictions("x", "3").assign(system="mtl_aug_20")
    write(tmp_path / "apart", other, config(other, {"label_fraction": 0.2}))
    other = predictions("x", "1").assign(system="mtl_aug")
    write(tmp_path / "apart", other, config(other))
    assert "no fold and repeat in common" in build(tmp_path / "apart", tmp_path)


def test_all_labels_need_no_lines(across, tmp_path):
    assert "few labels" not in build(across, tmp_path)


def test_what_a_search_heard_is_said(tmp_path):
    table = predictions("baseline", "1")
    write(tmp_path / "runs", table, config(table, tuned_on=["emodb/03", "emodb/08"]))
    text = build(tmp_path / "runs", tmp_path)
    assert "A search for these settings heard emodb/03, emodb/08" in text
