r"""Packs the experiments that `benchmarks/gpu.sh` trains on a machine with a GPU.

Each becomes one file, `FOLDER/<name>.pack`, with tables, features and plans. It needs
TensorFlow and librosa, which the machine with the GPU does not.

    python benchmarks/gpu_pack.py --out packs \
        --corpus emodb=DIR --corpus ravdess=DIR [--cache cache] [--workers 2]
    python benchmarks/gpu_pack.py --out packs --tiny

The exit status is 1 if a file, with the code that travels along, is too large. Such a
file can travel in parts, one at a time, and be joined where it is used:

    split -b 50M packs/ravdess_four.pack packs/ravdess_four.pack.
    cat ravdess_four.pack.* > ravdess_four.pack
"""

import argparse
import subprocess
import sys
from pathlib import Path

import gpu_specs

MEGABYTE = 1e6
MOST = 60 * MEGABYTE  # of a file and the code


def main() -> int:
    options = parse_options()
    from keras_ser.experiments import prepare_features

    roots = dict(each.split("=", 1) for each in options.corpus)
    code, status = code_bytes(), 0
    print(f"code: {code / MEGABYTE:.1f} MB", flush=True)
    for text in options.configs or (gpu_specs.TINY if options.tiny else gpu_specs.FULL):
        path, _ = gpu_specs.parse(text)
        file = options.out / f"{gpu_specs.title(text)}.pack"
        needed = corpora_of(text)
        prepare_features(
            path,
            corpora={name: roots[name] for name in needed if name in roots},
            systems=gpu_specs.SYSTEMS,
            overrides=gpu_specs.changes_of(text, options.tiny),
            cache=options.cache,
            workers=options.workers,
            pack=file,
        )
        size = file.stat().st_size
        fits = size + code < MOST
        verdict = "fits" if fits else f"too large, the limit is {MOST / MEGABYTE:.0f}"
        print(
            f"{file}: {size / MEGABYTE:.1f} MB, "
            f"with the code {(size + code) / MEGABYTE:.1f} MB: {verdict}",
            flush=True,
        )
        status |= not fits
    return int(status)


def corpora_of(text: str) -> tuple[str, ...]:
    """The labelled corpora of an experiment."""
    from keras_ser.experiments import load_config

    return load_config(gpu_specs.parse(text)[0]).corpora


def code_bytes() -> int:
    """The bytes of the tracked files, without results."""
    root = gpu_specs.HERE.parent
    command = ["git", "-C", root, "ls-files", "-z", "--", ".", ":!results"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    paths = [root / name for name in listed.split("\0") if name]
    return sum(path.stat().st_size for path in paths if path.is_file())


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("packs"))
    parser.add_argument("--corpus", action="append", default=[], metavar="NAME=DIR")
    parser.add_argument(
        "--configs", nargs="+", help="experiments; see benchmarks/gpu_specs.py"
    )
    parser.add_argument("--cache", type=Path, default=Path("cache"))
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--tiny", action="store_true", help="pack a tiny experiment")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
