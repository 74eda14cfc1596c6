"""Heads are named where tasks, models and corpora are defined, and nowhere else.

All other modules loop over `model.tasks`, or over what the files of a run say. This
test reads every module as a syntax tree. It finds comparisons with the name of a head,
and collections that list several heads. It reads no other text, so prose, columns
(`table.emotion`) and the keys of a single head stay free.
"""

import ast
import dataclasses
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import keras_ser

PACKAGE = Path(keras_ser.__file__).parent
MAY_NAME_HEADS = ("tasks", "models", "corpora")
MTL_AUG = frozenset({"emotion", "center", "augmentation", "reconstruction"})
RATINGS = {"activation", "valence", "dominance"}
ATTRIBUTES = {"speaker", "gender", "corpus", "language", *RATINGS}
HEADS = MTL_AUG | ATTRIBUTES
LOG_KEY = re.compile(rf"(val_)?({'|'.join(sorted(HEADS))})_(accuracy|ccc|loss|uar)")

# What a head's name is compared with is taken for a head, unless its last word is one
# of these. They have values that are spelt like heads, because heads are called after
# columns. A word that no comparison needs any more fails a test.
OTHER_THINGS = {
    "kind": "The kind of a task. One kind, `reconstruction`, is spelt like its head.",
    "normalise": "A mode of normalisation: `speaker` shares statistics per speaker.",
    "probes": "Columns that probes read. `speaker` needs held-out utterances.",
    "split": "A way to divide a corpus: by `speaker` or by `utterance`.",
}
# Whether a table has a column is no question about heads.
COLUMN_WORDS = ("column", "columns")


@dataclasses.dataclass(frozen=True)
class Finding:
    """Code that names heads: where it is and what it does."""

    line: int
    text: str

    def __str__(self):
        return f"{self.line}: {self.text}"


def find_heads(
    source: str, constants: dict[str, str] | None = None
) -> tuple[list[Finding], set[str]]:
    """The code of a module that names heads.

    Args:
        source: The text of the module.
        constants: Names of constants of any module that hold the name of a head.

    Returns:
        What was found, and which of the `OTHER_THINGS` were compared with such names.
    """
    tree = ast.parse(source)
    constants = {**(constants or {}), **head_constants(tree)}
    found, excused = [], set()
    for names, other, node in comparisons(tree, constants):
        word = last_word(other)
        if word in OTHER_THINGS:
            excused.add(word)
        elif word not in COLUMN_WORDS:
            text = f"comparison with {quoted(names)}: {ast.unparse(node)}"
            found.append(Finding(node.lineno, text))
    for names, node in lists_of_heads(tree, constants):
        text = f"list of {quoted(names)}: {ast.unparse(node)}"
        found.append(Finding(node.lineno, text))
    return sorted(found, key=lambda each: each.line), excused


def head_constants(tree: ast.AST) -> dict[str, str]:
    """Names in capitals that are bound to the name of a head, such as `EMOTION`."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                value = getattr(node.value, "value", None)
                if isinstance(target, ast.Name) and target.id.isupper():
                    found |= {target.id: value} if value in HEADS else {}
    return found


def comparisons(
    tree: ast.AST, constants: dict[str, str]
) -> Iterator[tuple[set[str], ast.AST, ast.AST]]:
    """Names of heads, what each is compared with, and the comparison.

    Comparisons are all that ask for equality or membership (also of a collection that
    contains a name, and in a chain), and the cases of `match`.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            for pair, operator in zip(
                zip(sides, sides[1:], strict=False), node.ops, strict=True
            ):
                if not isinstance(operator, ast.Lt | ast.LtE | ast.Gt | ast.GtE):
                    yield from compared(*pair, node, constants)
        elif isinstance(node, ast.Match):
            for pattern in (case.pattern for case in node.cases):
                values = [
                    part.value
                    for part in ast.walk(pattern)
                    if isinstance(part, ast.MatchValue)
                ]
                options = ast.Set(values)
                yield from compared(options, node.subject, pattern, constants)


def compared(
    left: ast.AST, right: ast.AST, node: ast.AST, constants: dict[str, str]
) -> Iterator[tuple[set[str], ast.AST, ast.AST]]:
    """The names on either side of a comparison, and the other side."""
    for one, other in ((left, right), (right, left)):
        parts = one.elts if isinstance(one, ast.Tuple | ast.List | ast.Set) else [one]
        texts = {text_of(part, constants) for part in parts} - {None}
        names = {text for text in texts if text in HEADS or LOG_KEY.fullmatch(text)}
        if names:
            yield names, other, node


def lists_of_heads(
    tree: ast.AST, constants: dict[str, str]
) -> Iterator[tuple[set[str], ast.AST]]:
    """Displays, calls and texts that name two or more heads of MTL-AUG.

    These are tuples, lists, sets, keys or values of dictionaries, keywords of a call,
    and a text such as `"emotion center"` that `split` would turn into a list.
    """
    for node in ast.walk(tree):
        for names in map(set, listed(node, constants)):
            if len(names & MTL_AUG) > 1:
                yield names & MTL_AUG, node


def listed(node: ast.AST, constants: dict[str, str]) -> Iterator[Iterable[str | None]]:
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        yield (text_of(part, constants) for part in node.elts)
    elif isinstance(node, ast.Dict):
        yield (text_of(key, constants) for key in node.keys)
        yield (text_of(value, constants) for value in node.values)
    elif isinstance(node, ast.Call):
        yield (keyword.arg for keyword in node.keywords)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        words = re.split(r"[\s,]+", node.value.strip())
        yield words if set(words) <= HEADS else ()


def text_of(node: ast.AST | None, constants: dict[str, str]) -> str | None:
    """The text that a node stands for: a literal, or a constant such as `EMOTION`."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.Attribute):
        return constants.get(node.attr)
    return constants.get(node.id) if isinstance(node, ast.Name) else None


def last_word(node: ast.AST) -> str:
    """The word that says what an expression holds: `normalise` in `a.b.normalise`.

    For an entry of a mapping it is the last part of the key, as in
    `own.get("features.normalise")`.
    """
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Subscript):
        return key_word(node.slice)
    if isinstance(node, ast.Call) and node.args:
        if isinstance(node.func, ast.Attribute) and node.func.attr == "get":
            return key_word(node.args[0])
        if isinstance(node.func, ast.Name) and node.func.id == "getattr":
            return key_word(node.args[1])
    return ""


def key_word(node: ast.AST) -> str:
    text = text_of(node, {}) or ""
    return text.rpartition(".")[2]


def quoted(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def modules() -> dict[str, str]:
    """The text of every module that must not name heads, by its path."""
    paths = [path.relative_to(PACKAGE) for path in sorted(PACKAGE.rglob("*.py"))]
    return {
        str(path): (PACKAGE / path).read_text(encoding="utf-8")
        for path in paths
        if path.parts[0] not in MAY_NAME_HEADS
    }


def constants_of_the_package() -> dict[str, str]:
    """Constants of all modules: one that is imported is known by the same name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        found |= head_constants(ast.parse(path.read_text(encoding="utf-8")))
    return found


def test_no_other_module_lists_heads_or_branches_on_their_names():
    constants = constants_of_the_package()
    found = [
        f"keras_ser/{path}:{finding}"
        for path, source in modules().items()
        for finding in find_heads(source, constants)[0]
    ]
    assert not found, (
        "Expected no names of heads outside tasks, models and corpora. Found:\n"
        + "\n".join(found)
        + "\nLoop over `model.tasks`, or over what config.json of a run says. If a "
        "comparison is not about heads, add its word to OTHER_THINGS with the reason."
    )


def test_every_exception_is_needed():
    constants = constants_of_the_package()
    needed = set()
    for source in modules().values():
        needed |= find_heads(source, constants)[1]
    assert needed == set(OTHER_THINGS)


def test_the_modules_that_may_name_heads_exist_and_name_them():
    for name in MAY_NAME_HEADS:
        sources = sorted((PACKAGE / name).rglob("*.py"))
        texts = [each.read_text(encoding="utf-8") for each in sources]
        assert any(re.search("[\"'](emotion|speaker)[\"']", text) for text in texts)
    assert "data/pipeline.py" in modules() and "tasks/base.py" not in modules()


@pytest.mark.parametrize(
    "source",
    [
        'head == "emotion"',
        '"emotion" != name',
        'if "center" in model.heads: pass',
        '"center" not in getattr(model, "heads", ())',
        'table["head"] == "emotion"',
        'frame.head == "valence"',
        'head == "dominance"',
        'head in ("emotion", "gender")',
        'heads == ("emotion",)',
        'name in ["speaker"]',
        'a.normalise == b == "emotion"',
        'task.name == "reconstruction"',
        '"val_emotion_uar" in logs',
        '"emotion_loss" in frame',
        '[each for each in tasks if each.name != "augmentation"]',
        'match head:\n    case "corpus": pass',
        'match head:\n    case "language" | "gender": pass',
        'EMOTION = "emotion"\nhead == EMOTION',
        "head == tasks.HEAD",
        "head == HEAD",
        "head in {HEAD}",
        'own.get("features.head") == "activation"',
    ],
)
def test_comparisons_with_heads_are_caught(source):
    found, excused = find_heads(source, {"HEAD": "emotion"})
    assert len(found) == 1 and "comparison" in str(found[0]), found
    assert not excused


@pytest.mark.parametrize(
    "source",
    [
        '("emotion", "center")',
        '["augmentation", "reconstruction"]',
        '{"emotion", *rest, "reconstruction"}',
        '{"emotion": 1.0, "center": 1e-3}',
        '{"a": "emotion", "b": "center"}',
        "dict(emotion=1.0, center=1e-3)",
        "model.objective(augmentation=0.1, reconstruction=0.2)",
        '"emotion center".split()',
        '"emotion,augmentation"',
        'EMOTION = "emotion"\nx = (EMOTION, "center")',
        '(HEAD, "center")',
    ],
)
def test_lists_of_heads_are_caught(source):
    found, _ = find_heads(source, {"HEAD": "emotion"})
    assert len(found) == 1 and "list" in str(found[0]), found


@pytest.mark.parametrize(
    "source",
    [
        'table.emotion == "anger"',
        'table.groupby("speaker")',
        'table[["emotion", "speaker", "utterance"]]',
        '"activation" in table.columns',
        'column != "speaker"',
        'scores["head"] == main',
        "head == task.name",
        'pick(emotion="", labelled=1)',
        'axes.text(ha="center", va="center")',
        '{"center": 1e-3, "auxiliary": 0.3}',
        '"""Heads: emotion, center, augmentation and reconstruction."""',
        '"the emotion, the center"',
        'cluster: str = "speaker"',
        "HEADS = tuple(task.name for task in model.tasks)",
        'outputs[head] == target["emotion"]',
        'x == "emotional"',
    ],
)
def test_columns_prose_and_single_names_pass(source):
    assert find_heads(source) == ([], set())


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ('normalise == "speaker"', "normalise"),
        ('"speaker" == config.features.normalise', "normalise"),
        ('own.get("features.normalise") == "speaker"', "normalise"),
        ('settings["normalise"] != "speaker"', "normalise"),
        ('getattr(config, "normalise", "") == "speaker"', "normalise"),
        ('a.normalise == "speaker" != b.normalise', "normalise"),
        ('split == "speaker"', "split"),
        ('normalise in ("train", "speaker")', "normalise"),
        ('task.kind == "reconstruction"', "kind"),
    ],
)
def test_settings_that_are_spelt_like_heads_pass(source, word):
    assert find_heads(source) == ([], {word})


def test_a_finding_names_line_and_code():
    found, _ = find_heads('\n\nx = head == "emotion"\n')
    assert str(found[0]) == "3: comparison with `emotion`: head == 'emotion'"
