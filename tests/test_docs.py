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
    path.name for path in DOCS.glob("*.md") if "<!-- generate:" in path.read_text()
)


def test_there_are_generated_documents():
    assert {"reference.md", "results.md"} <= set(GENERATED)


@pytest.mark.parametrize("name", GENERATED)
def test_a_document_is_up_to_date(generate, name):
    if name == "reference.md" and sys.version_info[:2] != (3, 11):
        pytest.skip("argparse words its help differently in other versions of Python")
    text = (DOCS / name).read_text(encoding="utf-8")
    assert generate.generated(text) == text, "run `python docs/generate.py`"


def test_blocks_are_written_anew(generate, monkeypatch):
    monkeypatch.setitem(generate.KINDS, "echo", lambda argument: f"said {argument}")
    text = "a\n<!-- generate: echo two -->\nold\n<!-- end -->\nb"
    assert "said two" in generate.generated(text)
    assert "old" not in generate.generated(text)
