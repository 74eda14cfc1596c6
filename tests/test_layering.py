"""Who may import whom: read off the source, inside functions too."""

import ast
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "keras_ser"
FILES = sorted(PACKAGE.rglob("*.py"))

ANYTHING = object()
RANK_0 = {
    "_version",
    "audio",
    "backend",
    "config",
    "figures",
    "files",
    "layers",
    "locks",
    "losses",
    "padding",
    "scores",
}
# A module may import these of ours, and its own siblings where it is a folder.
ALLOWED = {
    "__init__": {"_version", "inference"},
    "_version": set(),
    "config": {"config_values", "files", "overrides"},
    "overrides": set(),
    "config_values": set(),
    "audio": set(),
    "scores": set(),
    "files": set(),
    "locks": set(),
    "padding": set(),
    "backend": set(),
    "placement": {"backend"},
    "figures": {"files"},
    "curves": {"figures"},
    "card": {"conditions", "curves", "files", "reports"},
    "robustness": ANYTHING,
    "tested": {"corpora", "files", "inputs", "protocols"},
    "layers": {"audio", "padding"},
    "losses": {"padding"},
    "corpora": {"audio", "files"},
    "front_ends": {"audio"},
    "complaints": set(),
    "unusable": {"audio", "files"},
    "features": {"audio", "files", "front_ends", "unusable"},
    "augment": {"audio"},
    "noises": {"audio"},
    "conditions": {"attacks", "audio", "noises"},
    "metrics": RANK_0,
    "callbacks": RANK_0,
    "checkpoint": {"files"},
    "attacks": RANK_0,
    "models": {*RANK_0, "metrics"},
    "leaks": set(),
    "systems": {"config", "models"},
    "protocols": {"corpora", "leaks"},
    "preprocessing": {"features", "files"},
    "sources": {"features", "preprocessing"},
    "data": {
        "corpora",
        "features",
        "augment",
        "protocols",
        "files",
        "preprocessing",
        "sources",
    },
    "gradients": {"backend"},
    "monitoring": {"audio", "figures", "files", "gradients", "padding", "scores"},
    "reports": {"conditions", "curves", "scores", "figures", "files", "published"},
    "training": {
        "backend",
        "models",
        "data",
        "callbacks",
        "checkpoint",
        "metrics",
        "monitoring",
        "config",
        "placement",
    },
    "inference": {
        "audio",
        "backend",
        "files",
        "preprocessing",
        "data",
        "models",
        "features",
        "unusable",
    },
    "formats": set(),
    "exporting": {"files", "formats", "inference", "layers"},
    "waveform_attack": {
        "attacks",
        "audio",
        "exporting",
        "files",
        "inference",
        "noises",
    },
    "evaluation": {
        "conditions",
        "features",
        "inference",
        "noises",
        "scores",
    },
    "job": {"conditions", "config", "features", "noises", "protocols", "unusable"},
    "probes": {"audio", "config", "features", "job", "placement", "protocols"},
    "classical": {
        "audio",
        "conditions",
        "config",
        "features",
        "job",
        "preprocessing",
        "probes",
        "protocols",
    },
    "network": {
        "augment",
        "backend",
        "config",
        "data",
        "evaluation",
        "features",
        "inference",
        "job",
        "models",
        "monitoring",
        "probes",
        "training",
    },
    "checks": {
        "augment",
        "classical",
        "conditions",
        "config",
        "features",
        "models",
        "protocols",
    },
    "tuning": {
        "checks",
        "classical",
        "config",
        "experiment",
        "files",
        "job",
        "leaks",
        "locks",
        "protocols",
        "running",
        "scores",
        "unusable",
        "variants",
        "overrides",
    },
    "running": ANYTHING,
    "inputs": {"config", "corpora", "job", "unusable"},
    "variants": {"config", "corpora"},
    "experiment": ANYTHING,
    "demo": ANYTHING,
    "flags": set(),
    "engine": set(),
    "published": set(),
    "cli": ANYTHING,
    "commands": ANYTHING,
}
TENSORFLOW = {"augment", "sources", "data", "monitoring", "backend"}
KERAS_FREE = {
    "engine",
    "published",
    "__init__",
    "_version",
    "audio",
    "augment",
    "card",
    "classical",
    "conditions",
    "config",
    "config_values",
    "corpora",
    "curves",
    "features",
    "figures",
    "files",
    "flags",
    "front_ends",
    "leaks",
    "locks",
    "noises",
    "preprocessing",
    "probes",
    "protocols",
    "reports",
    "scores",
    "sources",
    "unusable",
}


def module_of(path: Path) -> str:
    """`models` for keras_ser/models/mtl_aug.py, `audio` for keras_ser/audio.py."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(source: str) -> set[str]:
    """Dotted names that a source imports anywhere; `a.b` for `from a import b`."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute in this package"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def ours(names: set[str]) -> set[str]:
    """`audio` for keras_ser.audio and for keras_ser.audio.read."""
    split = [name.split(".") for name in names]
    return {parts[1] for parts in split if parts[0] == "keras_ser" and parts[1:]}


def roots(names: set[str]) -> set[str]:
    return {name.split(".")[0] for name in names}


def imports_of(path: Path) -> set[str]:
    return imported(path.read_text(encoding="utf-8"))


def imports_of_module(name: str) -> set[str]:
    return set().union(*(imports_of(p) for p in FILES if module_of(p) == name))


def name_of(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def test_the_reader_of_imports_sees_every_form():
    source = (
        "import keras_ser.audio\nimport numpy as np, keras_ser\n"
        "from keras_ser import files as f\n"
        "def late():\n    from keras_ser.models.heads import Head\n"
    )
    assert ours(imported(source)) == {"audio", "files", "models"}
    assert roots(imported(source)) == {"keras_ser", "numpy"}


def test_every_module_has_its_row():
    assert {module_of(path) for path in FILES} <= set(ALLOWED)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_module_imports_only_what_its_row_allows(path):
    module = module_of(path)
    allowed = ALLOWED[module]
    if allowed is not ANYTHING:
        siblings = {module} if path.parent != PACKAGE else set()
        assert ours(imports_of(path)) <= allowed | siblings


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_tensorflow_is_imported_where_it_must_only(path):
    if module_of(path) not in TENSORFLOW:
        found = roots(imports_of(path))
        assert found.isdisjoint({"tensorflow", "tensorflow_io", "tf_keras"})


@pytest.mark.parametrize("name", sorted(KERAS_FREE))
def test_what_knows_no_model_knows_no_keras(name):
    assert "keras" not in roots(imports_of_module(name))


@pytest.mark.parametrize("name", ["files", "locks", "config", "__init__"])
def test_the_lowest_modules_need_the_standard_library_only(name):
    needed = roots(imports_of_module(name)) - {"keras_ser"}
    assert needed <= sys.stdlib_module_names


def test_padding_needs_keras_ops_only():
    assert imports_of_module("padding") == {"keras.ops"}


def test_scores_need_numpy_and_the_standard_library_only():
    needed = roots(imports_of_module("scores")) - {"keras_ser"}
    assert needed <= {"numpy", *sys.stdlib_module_names}


def test_nothing_imports_what_stands_above_it_in_a_circle():
    rows = {name: ours(imports_of_module(name)) - {name} for name in ALLOWED}
    del rows["__init__"]  # lazy
    while rows:
        free = [name for name, needs in rows.items() if not needs & set(rows)]
        assert free, f"a circle among {sorted(rows)}"
        for name in free:
            del rows[name]


@pytest.mark.parametrize("folder", ["examples", "configs"])
def test_examples_and_configs_do_not_import_each_other(folder):
    for path in (PACKAGE.parent / folder).rglob("*.py"):
        assert roots(imports_of(path)).isdisjoint({"examples", "configs", "tests"})
