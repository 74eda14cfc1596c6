"""The arguments of each command and their help texts."""

import argparse

PRESETS = ("small", "paper")
PRESET_HELP = (
    "sizes of the networks and the schedule, instead of those that the config names"
)
OUT_HELP = "folder of all runs; default runs"
THREADS_HELP = (
    "CPU threads per process; default: several workers share the processors equally"
)


def demo(command) -> None:
    command.add_argument(
        "--out",
        default="keras_ser_demo",
        metavar="DIR",
        help="folder of everything that is written; default keras_ser_demo",
    )


def corpus(command) -> None:
    _data(command)
    command.add_argument(
        "--root",
        metavar="DIR",
        help="folder of the corpus called DATA, the same as DATA=DIR",
    )
    command.add_argument(
        "--audformat",
        metavar="DIR",
        help="also write the table of the corpus to DIR as an audformat database",
    )
    command.add_argument(
        "--workers",
        type=_positive,
        default=1,
        metavar="N",
        help="threads that read the files; default 1",
    )
    command.add_argument(
        "--json", dest="as_json", action="store_true", help="print JSON instead of text"
    )


def train(command) -> None:
    _data(command)
    command.add_argument(
        "--labels",
        default="all",
        metavar="SET",
        help="classes: all, or a label set such as four; default all",
    )
    command.add_argument(
        "--groups",
        type=_positive,
        default=0,
        metavar="N",
        help="groups of speakers that are tested one after the other; default: each "
        "speaker alone up to 12 speakers, else 5 groups",
    )
    command.add_argument(
        "--name", default="", metavar="NAME", help="name of the experiment"
    )
    command.add_argument("--out", default="runs", metavar="DIR", help=OUT_HELP)
    _preparation(command)
    command.add_argument("--threads", type=_positive, metavar="N", help=THREADS_HELP)


def _data(command) -> None:
    """Data of a user, and what they say about them."""
    command.add_argument(
        "data",
        metavar="DATA",
        help="folder of audio files, list of them (CSV, parquet, JSON lines), or "
        "NAME=DIR for a corpus with a reader, such as emodb=DIR",
    )
    command.add_argument(
        "--emotion",
        default="",
        metavar="PATTERN",
        help="regular expression whose group finds the emotion in the path of each "
        "file, the file's name included, or a column of the list; default: guessed",
    )
    command.add_argument(
        "--speaker",
        default="",
        metavar="PATTERN",
        help="such a pattern for the speaker, or a column of the list; without it, "
        "`corpus` lists what may be the speaker",
    )
    command.add_argument(
        "--set",
        dest="overrides",
        action="append",
        default=[],
        metavar="OPTION=VALUE",
        help="other option of the reader, such as emotions={'wroth': 'anger'}; may be "
        "repeated",
    )


def configs(command) -> None:
    command.add_argument(
        "name",
        nargs="?",
        metavar="NAME",
        help="config whose text is printed, such as mtl_aug/emodb; to change a copy, "
        "write it to a file: keras-ser configs mtl_aug/emodb > mine.py",
    )


def features(command) -> None:
    _config(command)
    _selection(command)
    command.add_argument(
        "--verify",
        action="store_true",
        help="read all features that are in the cache, report how many are right, and "
        "extract damaged ones again",
    )
    command.add_argument(
        "--pack",
        metavar="FILE",
        help="also write the speech of the experiment to one file: tables, features "
        "and training streams, for `keras-ser run --packed FILE` on a machine without "
        "the audio",
    )


def run(command) -> None:
    _config(command)
    _selection(command)
    command.add_argument(
        "--packed",
        metavar="FILE",
        help="file from `keras-ser features --pack FILE`, whose speech is read instead "
        "of the folders of corpora",
    )
    command.add_argument("--threads", type=_positive, metavar="N", help=THREADS_HELP)
    command.add_argument(
        "--devices",
        type=_positive,
        default=1,
        metavar="N",
        help="devices that share each batch or, with --together, the models; more than "
        "1 needs KERAS_BACKEND=jax; default 1",
    )
    command.add_argument(
        "--together",
        type=_positive,
        default=0,
        metavar="N",
        help="train up to N networks at the same time as stacked models; needs "
        "KERAS_BACKEND=jax and pays on a GPU; default: each by itself",
    )
    command.add_argument(
        "--monitor",
        action="store_true",
        help="also write pictures, sound and gradients of each network for TensorBoard",
    )
    command.add_argument(
        "--cluster",
        default="",
        metavar="ADDRESS",
        help="Dask cluster to train on, dask://HOST:PORT, instead of --workers",
    )
    command.add_argument("--out", default="runs", metavar="DIR", help=OUT_HELP)
    command.add_argument(
        "--smoke",
        action="store_true",
        help="run one fold for two epochs on a little synthetic speech, to see that "
        "everything works; replaces an earlier smoke run",
    )


def _selection(command) -> None:
    """The runs of an experiment to prepare or to run."""
    command.add_argument(
        "--systems",
        type=_names,
        default=(),
        metavar="A,B",
        help="systems, with commas between them; default: all of the config",
    )
    command.add_argument(
        "--folds",
        type=_names,
        default=(),
        metavar="03,08",
        help="folds, with commas between them; default: all of the protocol",
    )
    command.add_argument("--preset", choices=PRESETS, default="", help=PRESET_HELP)
    command.add_argument(
        "--repeats",
        type=_positive,
        metavar="N",
        help="repeats of each fold, instead of the number in the config",
    )


def _config(command) -> None:
    command.add_argument(
        "config",
        metavar="CONFIG",
        help="config of this package, such as mtl_aug/emodb (`keras-ser configs` lists "
        "them), or a Python file that defines an experiment; it runs with your rights, "
        "so give only a file that you trust",
    )
    _corpora(
        command,
        ". Corpora that the config does not name replace its own, in their order",
    )
    command.add_argument(
        "--set",
        dest="overrides",
        action="append",
        default=[],
        metavar="PATH=VALUE",
        help="change to the config, such as training.epochs=5; may be repeated",
    )
    _preparation(command)


def _preparation(command) -> None:
    """Where features go, and how they are computed."""
    command.add_argument(
        "--cache",
        default="cache",
        metavar="DIR",
        help="folder of features and generated speech; default cache",
    )
    command.add_argument(
        "--skip-bad",
        action="store_true",
        help="continue without audio that cannot be used, and list it in skipped.csv",
    )
    command.add_argument(
        "--workers",
        type=_positive,
        default=1,
        metavar="N",
        help="processes that work at the same time; default 1",
    )


def _corpora(command, more: str = "") -> None:
    command.add_argument(
        "--corpus",
        dest="corpora",
        action="append",
        default=[],
        metavar="NAME=DIR",
        help="folder of a corpus; may be repeated; default: "
        f"$KERAS_SER_CORPORA/NAME{more}",
    )


def report(command) -> None:
    _runs(command)
    command.add_argument(
        "--out",
        metavar="DIR",
        help="folder of the report; default RUNS/report, for X.zip X/report",
    )
    command.add_argument(
        "--format",
        dest="formats",
        type=_names,
        default=("md", "tex", "png"),
        metavar="md,tex,png",
        help="what to write, with commas between them; default: all three",
    )
    command.add_argument(
        "--reference",
        metavar="SYSTEM",
        help="system that the others are compared with; default: the reference of the "
        "config, else baseline_augmented, baseline, or the first system",
    )
    command.add_argument(
        "--primary",
        metavar="SYSTEM",
        help="system whose comparison is the primary one, named before the results "
        "were known; its p is not adjusted; default: that of the config, if any",
    )


def pack(command) -> None:
    _runs(command)
    command.add_argument(
        "--out", required=True, metavar="DIR", help="folder of the archives"
    )
    command.add_argument(
        "--replace",
        action="store_true",
        help="replace archives of the same experiments with other content",
    )


def _runs(command) -> None:
    command.add_argument(
        "runs",
        nargs="+",
        metavar="RUNS",
        help="folders of runs, folders above them, or archives of packed runs",
    )


def tune(command) -> None:
    _config(command)
    command.add_argument(
        "--system",
        default="",
        metavar="SYSTEM",
        help="network to search for; not needed if the config has only one",
    )
    command.add_argument(
        "--trials",
        type=_positive,
        default=20,
        metavar="N",
        help="sets of values to try besides the config's own; default 20",
    )
    command.add_argument(
        "--fold",
        default="",
        metavar="FOLD",
        help="search on the training and development speakers of this fold",
    )
    command.add_argument(
        "--speakers",
        type=_names,
        default=(),
        metavar="A,B",
        help="search on these speakers, who are then never tested",
    )
    command.add_argument(
        "--space",
        action="append",
        default=[],
        metavar="PATH=LOW:HIGH[:log]|PATH=A|B",
        help="range or choices of one setting, in addition to the default ones or "
        "instead of one of them; may be repeated",
    )
    command.add_argument(
        "--oracle",
        choices=("random", "bayesian"),
        default="random",
        help="how values are proposed: at random, or by Bayesian optimisation from the "
        "scores so far; default random",
    )
    command.add_argument(
        "--seed",
        type=_count,
        default=0,
        metavar="N",
        help="seed of the proposals, 0 or more; default 0",
    )
    command.add_argument(
        "--divisions",
        type=_positive,
        default=3,
        metavar="N",
        help="groups that the speakers are divided into; a trial is one training per "
        "group; default 3",
    )
    command.add_argument("--preset", choices=PRESETS, default="", help=PRESET_HELP)
    command.add_argument("--threads", type=_positive, metavar="N", help=THREADS_HELP)
    command.add_argument("--out", default="runs", metavar="DIR", help=OUT_HELP)


def robustness(command) -> None:
    command.add_argument(
        "runs", nargs="+", metavar="RUN", help="folders of runs, or folders above them"
    )
    command.add_argument(
        "--noise",
        default="",
        metavar="DIR|NAME=DIR",
        help="folder of noise to mix in, such as demand=DIR for DEMAND; default: no "
        "noise",
    )
    command.add_argument(
        "--kinds",
        type=_names,
        default=(),
        metavar="rain,wind",
        help="kinds of noise to use, with commas between them; default: all kinds of "
        "--noise",
    )
    command.add_argument(
        "--snr",
        type=_numbers,
        metavar="20,10,0",
        help="signal-to-noise ratios in dB; default 20,15,10,5,0",
    )
    command.add_argument(
        "--epsilon",
        type=_numbers,
        metavar="0.02,0.08",
        help="sizes of attacks, in standard deviations of a feature; default "
        "0.02,0.08,0.3",
    )
    command.add_argument(
        "--published",
        type=_names,
        default=(),
        metavar="mtl_aug:5",
        help="published tables to show next to the measured figures, as PAPER:TABLE",
    )
    _corpora(command)
    command.add_argument(
        "--cache",
        default="cache",
        metavar="DIR",
        help="folder of features; default cache",
    )
    command.add_argument(
        "--workers",
        type=_positive,
        default=1,
        metavar="N",
        help="processes, each of which scores one run at a time; default 1",
    )
    command.add_argument(
        "--out",
        metavar="DIR",
        help="folder of the robustness report; default RUN/robustness",
    )


def predict(command) -> None:
    _model(command)
    _audio(command)
    command.add_argument(
        "--json",
        dest="as_json",
        action="store_true",
        help="print one JSON object per line instead of a table",
    )
    command.add_argument(
        "--labels",
        type=_names,
        default=(),
        metavar="A,B",
        help="classes to choose from, with commas between them; their probabilities "
        "then sum to 1; default: all of the model",
    )
    command.add_argument(
        "--out", metavar="FILE", help="CSV file to write instead of printing a table"
    )
    command.add_argument(
        "--picture",
        metavar="DIR",
        help="also draw the waveform and the probabilities of each file over time into "
        "DIR; most useful with --window and --hop",
    )


def embed(command) -> None:
    _model(command)
    _audio(command)
    command.add_argument(
        "--out", required=True, metavar="FILE", help="CSV file to write"
    )


def _audio(command) -> None:
    """Audio files, and how they are cut."""
    command.add_argument(
        "audio",
        nargs="+",
        metavar="FILE",
        help="audio files, and folders of them; files that cannot be used are listed "
        "at the end, and the exit code is then 1",
    )
    command.add_argument(
        "--window",
        type=float,
        metavar="S",
        help="length of a window in seconds; default: one row per file",
    )
    command.add_argument(
        "--hop",
        type=float,
        metavar="S",
        help="seconds from the start of one window to the next; default: --window",
    )
    command.add_argument(
        "--front-end",
        metavar="PATH",
        help="folder or file that the front-end needs, such as an ONNX network, if it "
        "is elsewhere than when the model was trained",
    )


def export(command) -> None:
    _model(command)
    command.add_argument(
        "--format",
        dest="formats",
        type=_names,
        required=True,
        metavar="keras,saved_model,onnx,litert",
        help="formats to write, with commas between them",
    )
    command.add_argument(
        "--out", metavar="DIR", help="folder to write to; default: the model's folder"
    )


def _model(command) -> None:
    command.add_argument(
        "model", metavar="RUN|MODEL", help="folder of a run, or model file"
    )


def parse_folders(texts: list[str]) -> dict[str, str]:
    """Returns the folders of corpora by name.

    Args:
        texts: `NAME=DIR` each.

    Raises:
        ValueError: If a text has another form, or if a corpus is named twice.
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
        raise argparse.ArgumentTypeError(
            f"expected a whole number, 0 or more. Received: {text}"
        )
    return int(text)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(
            f"expected a whole number, 1 or more. Received: {text}"
        )
    return int(text)
