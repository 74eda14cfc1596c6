"""The arguments of each command."""

import argparse

PRESETS = ("small", "paper")
OF_PRESET = "sizes of networks and schedule, where the config names a preset"


def demo(command) -> None:
    command.add_argument(
        "--out", default="keras_ser_demo", help="folder of everything it writes"
    )


def corpus(command) -> None:
    command.add_argument("name", metavar="NAME", help="a corpus, such as emodb")
    command.add_argument("--root", required=True, help="the corpus's folder")
    command.add_argument(
        "--set",
        dest="overrides",
        action="append",
        default=[],
        metavar="OPTION=VALUE",
        help="option of the corpus's reader, such as speaker=subject",
    )
    command.add_argument(
        "--audformat", metavar="DIR", help="write the table as an audformat database"
    )
    command.add_argument("--workers", type=_positive, default=1, help="threads")
    command.add_argument(
        "--json", dest="as_json", action="store_true", help="print it as JSON"
    )


def features(command) -> None:
    _config(command)


def run(command) -> None:
    _config(command)
    command.add_argument("--systems", type=_names, default=(), metavar="A,B")
    command.add_argument("--folds", type=_names, default=(), metavar="03,08")
    command.add_argument(
        "--preset",
        choices=PRESETS,
        default="",
        help=OF_PRESET,
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
    _corpora(
        command,
        ". Corpora that the config does not name take the places of its own, in their "
        "order",
    )
    command.add_argument(
        "--set",
        dest="overrides",
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


def _corpora(command, more: str = "") -> None:
    command.add_argument(
        "--corpus",
        dest="corpora",
        action="append",
        default=[],
        metavar="NAME=DIR",
        help=f"folder of a corpus; else $KERAS_SER_CORPORA/NAME{more}",
    )


def report(command) -> None:
    command.add_argument("runs", nargs="+", metavar="RUNS", help="folders of runs")
    command.add_argument("--out", help="folder; default RUNS/report")
    command.add_argument(
        "--format",
        dest="formats",
        type=_names,
        default=("md", "tex", "png"),
        metavar="md,tex,png",
        help="what to write; default all",
    )
    command.add_argument(
        "--reference",
        metavar="SYSTEM",
        help="the system that the others are compared with; default that of the "
        "config, else baseline_augmented, baseline",
    )


def tune(command) -> None:
    _config(command)
    command.add_argument(
        "--system", default="", help="the network; not needed if there is one only"
    )
    command.add_argument(
        "--trials", type=_positive, default=20, help="proposals; default 20"
    )
    command.add_argument("--fold", default="", help="search inside this fold")
    command.add_argument(
        "--speakers",
        type=_names,
        default=(),
        metavar="A,B",
        help="search among these speakers, who are then never tested",
    )
    command.add_argument(
        "--space",
        action="append",
        default=[],
        metavar="PATH=LOW:HIGH[:log]|PATH=A|B",
        help="a dimension beside the usual ones, or in place of one",
    )
    command.add_argument("--oracle", choices=("random", "bayesian"), default="random")
    command.add_argument("--seed", type=_count, default=0, help="of the proposals")
    command.add_argument(
        "--divisions",
        type=_positive,
        default=3,
        help="trainings a trial, on as many divisions of the speakers; default 3",
    )
    command.add_argument("--preset", choices=PRESETS, default="", help=OF_PRESET)
    command.add_argument("--threads", type=_positive, help="CPU threads a process")
    command.add_argument("--out", default="runs", help="folder of all runs")


def robustness(command) -> None:
    command.add_argument("runs", nargs="+", metavar="RUN", help="folders of runs")
    command.add_argument(
        "--noise",
        default="",
        metavar="DIR|NAME=DIR",
        help="folder of noise to mix in, demand=DIR for DEMAND",
    )
    command.add_argument("--kinds", type=_names, default=(), metavar="rain,wind")
    command.add_argument(
        "--snr", type=_numbers, metavar="20,10,0", help="dB; default 20,15,10,5,0"
    )
    command.add_argument(
        "--epsilon",
        type=_numbers,
        metavar="0.02,0.08",
        help="of attacks, in deviations of a feature; default 0.02,0.08,0.3",
    )
    command.add_argument(
        "--published",
        type=_names,
        default=(),
        metavar="mtl_aug:5",
        help="figures to set beside the measured ones",
    )
    _corpora(command)
    command.add_argument("--cache", default="cache", help="folder of features")
    command.add_argument(
        "--workers", type=_positive, default=1, help="processes, a run each at a time"
    )
    command.add_argument("--out", help="folder; default RUN/robustness")


def predict(command) -> None:
    command.add_argument("model", metavar="RUN|MODEL", help="run folder or model file")
    command.add_argument("files", nargs="+", metavar="FILE", help="audio files")
    command.add_argument("--window", type=float, metavar="S", help="seconds")
    command.add_argument("--hop", type=float, metavar="S", help="seconds")
    command.add_argument(
        "--json", dest="as_json", action="store_true", help="one JSON object per line"
    )


def export(command) -> None:
    command.add_argument("model", metavar="RUN|MODEL", help="run folder or model file")
    command.add_argument(
        "--format",
        dest="formats",
        type=_names,
        required=True,
        metavar="keras,saved_model,onnx,litert",
        help="what to write: one of these, or several",
    )
    command.add_argument("--out", metavar="DIR", help="default: the model's folder")


def folders(texts: list[str]) -> dict[str, str]:
    """The folders of corpora from `NAME=DIR`, in their order.

    Raises:
        ValueError: a text of another form, or a corpus that is named twice.
    """
    pairs = [text.partition("=") for text in texts]
    wrong = [name for name, equals, folder in pairs if not (equals and folder)]
    if wrong:
        raise ValueError(f"--corpus takes NAME=DIR. Received: {', '.join(wrong)}.")
    given = [name for name, _, _ in pairs]
    if len(set(given)) < len(given):
        raise ValueError(
            f"--corpus names each corpus once at most. Received: {', '.join(given)}."
        )
    return {name: folder for name, _, folder in pairs}


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name for name in text.split(",") if name)
    if not names:
        raise argparse.ArgumentTypeError(
            f"expected names with commas between them. Received: {text!r}"
        )
    return names


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in _names(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"expected numbers with commas between them. Received: {text!r}"
        ) from error


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected 0 or more. Received: {text}")
    return int(text)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected 1 or more. Received: {text}")
    return int(text)
