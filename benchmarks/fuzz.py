"""Many mangled inputs: are all of them accepted or clearly rejected?

The targets are those of the tests, `tests/fuzz_targets.py`. The script counts what was
accepted and rejected, other exceptions, utterances that were lost without a word, and
crashes, and exits with 1 if there are any of the last three. Command:
python benchmarks/fuzz.py --inputs 2000
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import fuzz_targets


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--inputs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--targets",
        nargs="+",
        default=list(fuzz_targets.TARGETS),
        choices=fuzz_targets.TARGETS,
    )
    arguments = parser.parse_args()
    total = fuzz_targets.Count()
    columns = ("inputs", "accepted", "rejected", "tracebacks", "dropped", "crashes")
    print(f"{'target':14}", *(f"{name:>10}" for name in columns))
    shares = sum(fuzz_targets.TARGETS[target][1] for target in arguments.targets)
    for target in arguments.targets:
        inputs = round(arguments.inputs * fuzz_targets.TARGETS[target][1] / shares)
        count = fuzz_targets.isolated(target, arguments.seed, arguments.seed + inputs)
        print(f"{target:14}", *(f"{getattr(count, name):10}" for name in columns))
        if count.first:
            print(count.first, file=sys.stderr)
        for name in columns:
            setattr(total, name, getattr(total, name) + getattr(count, name))
    print(f"{'all':14}", *(f"{getattr(total, name):10}" for name in columns))
    return int(bool(total.tracebacks or total.dropped or total.crashes))


if __name__ == "__main__":
    sys.exit(main())
