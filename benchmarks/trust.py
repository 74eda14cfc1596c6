r"""Try to get a wrong number out of the package without an error, and count successes.

Each module of `benchmarks/attempts/` attacks one promise of docs/trust.md. It has the
constants `ORDER` (the number of its row) and `PROMISE` (one line), and a function

    attempts(folder: Path) -> Iterator[tuple[str, Callable[[], str]]]

which yields a name and a call for every attempt. The call returns "" if the package
does the right thing: it returns the right value, or it raises a ValueError or a
FileNotFoundError where a refusal is right. Otherwise the call returns what is wrong.
Any other exception is a fault too. The attempts use only what the compared versions
have in common, so that the same script counts the faults of an older checkout:

    python benchmarks/trust.py --code DIR --out benchmarks/results/trust_before.json
    python benchmarks/trust.py --out benchmarks/results/trust.json

`--only NAME` runs one module. The exit code is the number of faults, at most 100.
"""

import argparse
import contextlib
import importlib
import io
import json
import os
import pkgutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
MAX_CHARACTERS = 200  # of the description of one fault


def main() -> int:
    """Run the attempts and write a JSON file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--code", type=Path, default=ROOT, help="checkout to attack")
    parser.add_argument("--only", help="one module of benchmarks/attempts")
    parser.add_argument("--out", type=Path, help="JSON file of the results")
    options = parser.parse_args()
    found = run_all(options.code.resolve(), options.only)
    for name, topic in found.items():
        print(f"{name}: {len(topic['faults'])} faults in {topic['attempts']} attempts")
        for fault, what in topic["faults"].items():
            print(f"    {fault}: {what}")
    if options.out:
        text = json.dumps(found, indent=2, ensure_ascii=False)
        options.out.write_text(f"{text}\n", encoding="utf-8")
    return min(100, sum(len(topic["faults"]) for topic in found.values()))


def run_all(code: Path, only: str | None) -> dict[str, dict]:
    """The results of all modules, or of one, each in a process of its own."""
    import attempts

    names = sorted(each.name for each in pkgutil.iter_modules(attempts.__path__))
    chosen = [only] if only else names
    found = {name: _in_process(name, code) for name in chosen}
    return dict(sorted(found.items(), key=lambda item: item[1]["order"]))


def table(before: dict[str, dict], now: dict[str, dict]) -> str:
    """The results of two versions as a Markdown table.

    Raises:
        ValueError: If the two made different attempts.
    """
    rows = ["| promise | attempts | faults before | faults now |"]
    rows.append("|---|---:|---:|---:|")
    sums = [0, 0, 0]
    for name, topic in now.items():
        earlier = before.get(name, {})
        if earlier.get("attempts") != topic["attempts"]:
            raise ValueError(
                f"Both versions must have made the same attempts of `{name}`. "
                f"Received: {earlier.get('attempts')} and {topic['attempts']}. "
                "Run benchmarks/trust.py again for both, see its docstring."
            )
        counts = [len(each["faults"]) for each in (earlier, topic)]
        cells = [topic["promise"], topic["attempts"], *counts]
        rows.append(f"| {' | '.join(map(str, cells))} |")
        sums = [total + each for total, each in zip(sums, cells[1:], strict=True)]
    rows.append(f"| all | {' | '.join(map(str, sums))} |")
    return "\n".join(rows)


def _in_process(name: str, code: Path) -> dict:
    # The process starts in the folder of the code, which comes first in its path.
    here = str(Path(__file__).resolve().parent)
    script = (
        f"import sys; sys.path.append({here!r}); import trust; "
        f"trust.print_one({name!r})"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(code), "TF_CPP_MIN_LOG_LEVEL": "3"},
        cwd=code,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def print_one(name: str) -> None:
    """Print the result of one module as a line of JSON."""
    module = importlib.import_module(f"attempts.{name}")
    count, faults = 0, {}
    with tempfile.TemporaryDirectory() as folder:
        for attempt, call in module.attempts(Path(folder)):
            count += 1
            fault = _outcome(call)
            if fault:
                faults[attempt] = fault
    result = {"order": module.ORDER, "promise": module.PROMISE}
    print(json.dumps({**result, "attempts": count, "faults": faults}))


def _outcome(call: Callable[[], str]) -> str:
    """The fault that an attempt finds, or an empty text."""
    quiet = contextlib.redirect_stdout(io.StringIO())
    with warnings.catch_warnings(), quiet:
        warnings.simplefilter("ignore")
        try:
            fault = call()
        except Exception as error:
            fault = f"{type(error).__name__}: {error}"
    return fault[:MAX_CHARACTERS]


if __name__ == "__main__":
    sys.exit(main())
