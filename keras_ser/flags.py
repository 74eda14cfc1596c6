"""The arguments of each command."""

import argparse


def demo(command) -> None:
    command.add_argument(
        "--out", default="keras_ser_demo", help="folder of everything it writes"
    )


def corpus(command) -> None:
    command.add_argument("name", metavar="NAME", help="a corpus, such as emodb")
    command.add_argument("--root", required=True, help="the corpus's folder")
    command.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="OPTION=VALUE",
        help="option of the corpus's reader, such as speaker=subject",
    )
    command.add_argument(
        "--audformat", metavar="DIR", help="write the table as an audformat database"
    )
    command.add_argument("--workers", type=_positive, default=1, help="threads")
    command.add_argument("--json", action="store_true", help="the same as JSON")


def features(command) -> None:
    _config(command)


def run(command) -> None:
    _config(command)
    command.add_argument("--systems", type=_names, default=(), metavar="A,B")
    command.add_argument("--folds", type=_names, default=(), metavar="03,08")
    command.add_argument(
        "--preset",
        choices=("small", "paper"),
        help="sizes of networks and schedule, where the config names a preset",
    )
    command.add_argument("--repeats", type=_positive, help="repeats of each fold")
    command.add_argument("--threads", type=_positive, help="CPU threads a process")
    command.add_argument(
        "--devices",
        type=_positive,
        default=1,
        help="that share each batch; with KERAS_BACKEND=jax",
    )
    command.add_argument(
        "--monitor",
        action="store_true",
        help="show networks in TensorBoard: pictures, sound, gradients",
    )
    command.add_argument(
        "--cluster",
        default="",
        metavar="ADDRESS",
        help="train on a cluster, dask://HOST:PORT or ray://HOST:PORT",
    )
    command.add_argument("--out", default="runs", help="folder of all runs")
    command.add_argument(
        "--smoke",
        action="store_true",
        help="one fold of two epochs on synthetic speech, to see that all runs",
    )


def _config(command) -> None:
    command.add_argument("config", metavar="CONFIG", help="a file with an Experiment")
    command.add_argument(
        "--corpus",
        action="append",
        default=[],
        metavar="NAME=DIR",
        help="folder of a corpus; else $KERAS_SER_CORPORA/NAME. Corpora that the "
        "config does not name take the places of its own, in their order",
    )
    command.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="PATH=VALUE",
        help="another value in the config, training.epochs=5",
    )
    command.add_argument("--cache", default="cache", help="folder of features")
    command.add_argument(
        "--skip-bad",
        action="store_true",
        help="go on without audio that cannot be used, and list it in skipped.csv",
    )
    command.add_argument("--workers", type=_positive, default=1, help="processes")


def report(command) -> None:
    command.add_argument("runs", nargs="+", metavar="RUNS", help="folders of runs")
    command.add_argument("--out", help="folder; default RUNS/report")
    command.add_argument(
        "--format", type=_names, default=("md", "tex", "png"), metavar="md,tex,png"
    )
    command.add_argument(
        "--against",
        metavar="SYSTEM",
        help="what the others are compared with; default baseline_augmented, baseline",
    )


def predict(command) -> None:
    command.add_argument("model", metavar="RUN|MODEL", help="run folder or model file")
    command.add_argument("files", nargs="+", metavar="FILE", help="audio files")
    command.add_argument("--window", type=float, metavar="S", help="seconds")
    command.add_argument("--hop", type=float, metavar="S", help="seconds")
    command.add_argument("--json", action="store_true", help="a JSON object a line")


def export(command) -> None:
    command.add_argument("model", metavar="RUN|MODEL", help="run folder or model file")
    command.add_argument(
        "--format",
        type=_names,
        required=True,
        metavar="keras,saved_model,onnx,litert",
        help="what to write: one of these, or several",
    )
    command.add_argument("--out", metavar="DIR", help="default: the model's folder")


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name for name in text.split(",") if name)
    if not names:
        raise argparse.ArgumentTypeError(
            f"expected names with commas between them. Received: {text!r}"
        )
    return names


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected 1 or more. Received: {text}")
    return int(text)
