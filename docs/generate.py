"""Writes what the code can print into the documents, between their markers.

A block reads `<!-- generate: KIND ARGUMENT -->`, then what the command wrote, then
`<!-- end -->`. Command: python docs/generate.py; `--check` only says whether all is
up to date.
"""

import contextlib
import io
import re
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCUMENTS = (*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md")
BLOCK = re.compile(
    r"(<!-- generate: (\w+)((?: [^\s>]+)?) -->\n).*?(<!-- end -->)", re.DOTALL
)


def report(folder: str) -> str:
    """The tables of a folder of finished runs."""
    from keras_ser import reports

    with tempfile.TemporaryDirectory() as out:
        (path,) = reports.build([ROOT / folder], out, formats=("md",))
        text = path.read_text(encoding="utf-8")
    return re.sub(r"^#", "###", text.split("\n\n", 1)[1], flags=re.MULTILINE)


def models(_: str) -> str:
    """Parameters of the presets and of Table 7's models, four classes, 128 bands."""
    from keras_ser.models import TABLE_7, MTLAug

    rows = ["| preset | model of Table 7 | heads | attention | parameters |"]
    rows.append("|---|---|---|---|---:|")
    for preset in ("small", "paper"):
        for number, arguments in TABLE_7.items():
            model = MTLAug(tuple("abcd"), preset=preset, **arguments)
            attends = "yes" if model.attention else "no"
            rows.append(
                f"| {preset} | {number} | {', '.join(model.heads)} | {attends} | "
                f"{model.count_params():,} |"
            )
    return "\n".join(rows)


def corpora(_: str) -> str:
    """What the package knows of each corpus."""
    from keras_ser.corpora import CORPORA

    rows = ["| name | corpus | language | utterances | licence | citation |"]
    rows.append("|---|---|---|---|---|---|")
    for name, known in sorted(CORPORA.items()):
        counts = ", ".join(f"{k or 'unlabelled'} {n}" for k, n in known.counts.items())
        rows.append(
            f"| `{name}` | {known.title} | {known.language} | {counts or 'any part'} | "
            f"{known.licence} | {known.citation} |"
        )
    notes = [f"- `{n}`: {c.note}" for n, c in sorted(CORPORA.items()) if c.note]
    return "\n".join([*rows, "", *notes])


def commands(_: str) -> str:
    """The help of every command."""
    import os

    from keras_ser import cli

    os.environ["COLUMNS"] = "88"
    parts = []
    for words in ([], *([name] for name in cli.COMMANDS)):
        text = io.StringIO()
        with contextlib.redirect_stdout(text), contextlib.suppress(SystemExit):
            cli.parser().parse_args([*words, "--help"])
        parts.append(f"```\n{text.getvalue().strip()}\n```")
    return "\n\n".join(parts)


KINDS = {
    "report": report,
    "models": models,
    "corpora": corpora,
    "commands": commands,
}


def generated(text: str) -> str:
    """`text` with every block written anew."""

    def block(match):
        start, kind, argument, end = match.groups()
        return f"{start}\n{KINDS[kind](argument.strip()).strip()}\n\n{end}"

    return BLOCK.sub(block, text)


def main() -> int:
    stale = []
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8")
        new = generated(text)
        if new != text:
            stale.append(path.name)
            if "--check" not in sys.argv:
                path.write_text(new, encoding="utf-8")
    print("stale:" if "--check" in sys.argv else "written:", *(stale or ["none"]))
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
