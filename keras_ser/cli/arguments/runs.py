"""Arguments of the commands that train, and of those on finished runs."""

from keras_ser.cli.arguments import shared


def run(command) -> None:
    shared.config(command)
    shared.selection(command)
    command.add_argument(
        "--packed",
        metavar="FILE",
        help="file from `keras-ser features --pack FILE`, whose speech is read instead "
        "of the folders of corpora",
    )
    command.add_argument(
        "--threads", type=shared.positive, metavar="N", help=shared.THREADS_HELP
    )
    command.add_argument(
        "--devices",
        type=shared.positive,
        default=1,
        metavar="N",
        help="devices that share each batch or, with --together, the models; more than "
        "1 needs KERAS_BACKEND=jax; default 1",
    )
    command.add_argument(
        "--together",
        type=shared.positive,
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
    command.add_argument("--out", default="runs", metavar="DIR", help=shared.OUT_HELP)
    command.add_argument(
        "--smoke",
        action="store_true",
        help="run one fold for two epochs on a little synthetic speech, to see that "
        "everything works; replaces an earlier smoke run",
    )


def tune(command) -> None:
    shared.config(command)
    command.add_argument(
        "--system",
        default="",
        metavar="SYSTEM",
        help="network to search for; not needed if the config has only one",
    )
    command.add_argument(
        "--trials",
        type=shared.positive,
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
        type=shared.names,
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
        type=shared.count,
        default=0,
        metavar="N",
        help="seed of the proposals, 0 or more; default 0",
    )
    command.add_argument(
        "--divisions",
        type=shared.positive,
        default=3,
        metavar="N",
        help="groups that the speakers are divided into; a trial is one training per "
        "group; default 3",
    )
    command.add_argument(
        "--preset", choices=shared.PRESETS, default="", help=shared.PRESET_HELP
    )
    command.add_argument(
        "--threads", type=shared.positive, metavar="N", help=shared.THREADS_HELP
    )
    command.add_argument("--out", default="runs", metavar="DIR", help=shared.OUT_HELP)


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
        type=shared.names,
        default=(),
        metavar="rain,wind",
        help="kinds of noise to use, with commas between them; default: all kinds of "
        "--noise",
    )
    command.add_argument(
        "--snr",
        type=shared.numbers,
        metavar="20,10,0",
        help="signal-to-noise ratios in dB, written --snr=-5,0 if the first is "
        "negative; they need --noise; default 20,15,10,5,0",
    )
    command.add_argument(
        "--epsilon",
        type=shared.numbers,
        metavar="0.02,0.08",
        help="sizes of attacks, in standard deviations of a feature; default "
        "0.02,0.08,0.3",
    )
    command.add_argument(
        "--published",
        type=shared.names,
        default=(),
        metavar="mtl_aug:5",
        help="published tables to show next to the measured figures, as PAPER:TABLE",
    )
    shared.corpora(command)
    command.add_argument(
        "--cache",
        default="cache",
        metavar="DIR",
        help="folder of features; default cache",
    )
    command.add_argument(
        "--workers",
        type=shared.positive,
        default=1,
        metavar="N",
        help="processes, each of which scores one run at a time; default 1",
    )
    command.add_argument(
        "--out",
        metavar="DIR",
        help="folder of the robustness report; default RUN/robustness",
    )


def report(command) -> None:
    shared.runs(command)
    command.add_argument(
        "--out",
        metavar="DIR",
        help="folder of the report; default RUNS/report, for X.zip X/report",
    )
    command.add_argument(
        "--format",
        dest="formats",
        type=shared.names,
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
    shared.runs(command)
    command.add_argument(
        "--out", required=True, metavar="DIR", help="folder of the archives"
    )
    command.add_argument(
        "--replace",
        action="store_true",
        help="replace archives of the same experiments with other content",
    )
