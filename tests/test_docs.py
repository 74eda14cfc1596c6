"""What is generated into the documents is what the code prints today."""

import importlib.util
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture(scope="module")
def generate():
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATED = sorted(
    str(path.relative_to(DOCS))
    for path in DOCS.rglob("*.md")
    if "<!-- generate:" in path.read_text(encoding="utf-8")
)


def test_there_are_generated_documents():
    assert {"reference.md", "results.md"} <= set(GENERATED)


@pytest.mark.parametrize("name", GENERATED)
def test_a_document_is_up_to_date(generate, name):
    if name == "reference.md" and sys.version_info[:2] != (3, 11):
        pytest.skip("argparse words its help differently in other versions of Python")
    text = (DOCS / name).read_text(encoding="utf-8")
    assert generate.generated(text) == text, "run `python docs/generate.py`"


RESULTS = sorted(path.name for path in (DOCS.parent / "results").iterdir())


@pytest.mark.parametrize("name", RESULTS)
def test_a_report_of_results_is_up_to_date(generate, name):
    path = DOCS.parent / "results" / name / "report" / "report.md"
    assert path.read_text(encoding="utf-8") == generate.report(name)


CARDS = sorted((DOCS.parent / "results").glob("*/robustness/robustness.csv.gz"))


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.parts[-3])
def test_a_card_of_results_is_up_to_date(generate, path):
    from keras_ser.reports import writing

    text = path.with_name("robustness.md").read_text(encoding="utf-8")
    assert text == writing.markdown(generate._card(path.parts[-3]))


def test_blocks_are_written_anew(generate, monkeypatch):
    monkeypatch.setitem(generate.KINDS, "echo", lambda argument: f"said {argument}")
    text = "a\n<!-- generate: echo two -->\nold\n<!-- end -->\nb"
    assert "said two" in generate.generated(text)
    assert "old" not in generate.generated(text)


@pytest.mark.parametrize(
    ("name", "stems"),
    [
        ("emodb_four", ["emodb_four", "emodb"]),
        ("emodb_four_speaker", ["emodb_four_speaker", "emodb_speaker"]),
        ("table7_small_emodb", ["table7"]),
        ("table7_cross_small_ravdess_emodb", ["table7_cross"]),
        ("table77", []),
    ],
)
def test_results_find_the_configs_they_come_from(generate, name, stems):
    assert [path.stem for path, _ in generate._configs_of(name)] == stems
