"""Arguments of the commands that read speech before anything trains."""

from keras_ser.cli.arguments import shared


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
        type=shared.positive,
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
        type=shared.positive,
        default=0,
        metavar="N",
        help="groups of speakers that are tested one after the other; default: each "
        "speaker alone up to 12 speakers, else 10 groups",
    )
    command.add_argument(
        "--name", default="", metavar="NAME", help="name of the experiment"
    )
    command.add_argument("--out", default="runs", metavar="DIR", help=shared.OUT_HELP)
    shared.preparation(command)
    command.add_argument(
        "--threads", type=shared.positive, metavar="N", help=shared.THREADS_HELP
    )


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
    shared.config(command)
    shared.selection(command)
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
