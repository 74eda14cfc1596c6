"""The tables of docs/models.md: networks with their sizes, and the layers of some.

docs/generate.py takes `KINDS` from here. Parameters and shapes are those of the models.
Multiply-adds are counted by `benchmarks/multiply_adds.py`, which needs JAX.
"""

import functools
import importlib
import importlib.util
import json
import math
import os
import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
MILLION, THOUSAND = 1e6, 1e3


def networks(name: str) -> str:
    """A row per model and preset, or per model of Table 7."""
    names = [name] if name else _variants().every_name()
    rows = [_header()]
    rows += [_row(*pair) for each in names for pair in _summaries(each)]
    return _table(rows, texts=2)


def _header() -> list[str]:
    return [
        "network",
        "preset",
        "parameters",
        "not trained",
        "multiply-adds, M/s",
        "emotion alone, M/s",
        "per utterance, k",
        "frames per step",
        "code",
        "embedding",
    ]


def _row(variant, summary) -> list[str]:
    counts = _counts()[variant.title]
    return [
        f"`{variant.name}`" if variant.name.isidentifier() else variant.name,
        variant.preset or "-",
        f"{summary.trained:,}",
        f"{summary.untrained:,}",
        f"{counts['per_second'] / MILLION:.1f}",
        f"{counts['emotion_per_second'] / MILLION:.1f}",
        f"{counts['per_utterance'] / THOUSAND:.1f}",
        f"{summary.stride or '-'}",
        _shape(summary.code or ()),
        _shape(summary.embedding),
    ]


def network(name: str) -> str:
    """The layers of a network, with their output and parameters in each preset."""
    found = {each.preset: summary.layers for each, summary in _summaries(name)}
    rows = [["layer", "kind"]]
    for preset in found:
        size = f", `{preset}`" if preset else ""
        rows[0] += [f"output{size}", f"parameters{size}"]
    by_name = [{each.name: each for each in layers} for layers in found.values()]
    for layer in {each.name: each for layers in found.values() for each in layers}:
        kind = next(each[layer].kind for each in by_name if layer in each)
        cells = [cell for each in by_name for cell in _cells(each.get(layer))]
        rows.append([f"`{layer}`", kind, *cells])
    totals = [
        f"{sum(each.parameters for each in layers):,}" for layers in found.values()
    ]
    rows.append(["all", "", *(cell for total in totals for cell in ("", total))])
    return _table(rows, texts=2)


def _cells(layer) -> list[str]:
    if layer is None:
        return ["-", "-"]
    return [_shape(layer.shape), f"{layer.parameters:,}" if layer.parameters else "-"]


def _shape(sizes: tuple) -> str:
    return " × ".join(map(str, sizes)) or "-"


def _table(rows: list[list[str]], texts: int) -> str:
    """A Markdown table: text in the first columns, numbers in the others."""
    header, *others = [f"| {' | '.join(cells)} |" for cells in rows]
    line = "|" + "---|" * texts + "---:|" * (len(rows[0]) - texts)
    return "\n".join([header, line, *others])


def _variants():
    """The module `benchmarks/variants.py`."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        return importlib.import_module("variants")
    finally:
        sys.path.pop(0)


@functools.cache
def _summaries(name: str) -> list[tuple]:
    """The variants of a network, each with its summary."""
    from keras_ser import models

    listed = _variants().list_variants(name)
    return [(each, models.summarise(each.build())) for each in listed]


@functools.cache
def _counts() -> dict:
    """The multiply-adds of every network, counted in a process of its own."""
    if not importlib.util.find_spec("jax"):
        raise ModuleNotFoundError(
            "JAX must be installed to count the multiply-adds in docs/models.md. It is "
            'not. Install it with `pip install -e ".[test]"`.'
        )
    script = str(BENCHMARKS / "multiply_adds.py")
    environment = {**os.environ, "PYTHONPATH": str(BENCHMARKS.parent)}
    done = subprocess.run(
        [sys.executable, script, "--json"],
        env=environment,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(
            f"`python {script}` must count the multiply-adds of every network. It "
            f"ended with: {done.stderr.strip()[-1000:]}"
        )
    return json.loads(done.stdout.splitlines()[-1])


def attributes(_: str) -> str:
    """The parameters of `AttributeCNNLSTM` next to those that its paper names."""
    from keras_ser import models

    names = {"gender": ("female", "male")}
    rows = [["part", "paper", "`paper`", "`small`"]]
    shared, hidden = ["shared layers", "approximately 1.8 M"], ["a discriminator"]
    hidden.append("about 1 M")
    for preset in ("paper", "small"):
        model = models.AttributeCNNLSTM(
            ("negative", "neutral", "positive"),
            names,
            preset=preset,
            attributes=("gender",),
            approach="discriminator",
        )
        shared.append(f"{model.embedding_model.count_params():,}")
        own = model.variables_of("discriminator")
        hidden.append(f"{sum(math.prod(each.shape) for each in own):,}")
    return _table([*rows, shared, hidden], texts=1)


KINDS = {"networks": networks, "network": network, "attributes": attributes}
