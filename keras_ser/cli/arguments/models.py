"""Arguments of the commands that use a trained model."""

from keras_ser.cli.arguments import shared


def predict(command) -> None:
    _audio(
        command,
        "an exported file .onnx starts fastest, without TensorFlow; without a model,",
    )
    command.add_argument(
        "--json",
        dest="as_json",
        action="store_true",
        help="print one JSON object per line instead of a table",
    )
    command.add_argument(
        "--labels",
        type=shared.names,
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
    _audio(command, "without a model,", "--out FILE ")
    command.add_argument(
        "--out", required=True, metavar="FILE", help="CSV file to write"
    )


def _audio(command, models: str, needed: str = "") -> None:
    """A model, audio files, and how they are cut.

    Args:
        command: The parser of the command.
        models: What to say of models before the demonstration model is named.
        needed: The options that the command needs, as its usage shows them.
    """
    command.usage = f"{command.prog} [options] {needed}[RUN|MODEL] FILE [FILE ...]"
    command.add_argument(
        "paths",
        nargs="+",
        metavar="[RUN|MODEL] FILE",
        help="folder of a run, or model file, and then audio files and folders of "
        f"them; {models} the small demonstration model of the package answers, which "
        "learned from acted German; files that cannot be used are listed at the end, "
        "and the exit code is then 1",
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
    shared.model(command)
    command.add_argument(
        "--format",
        dest="formats",
        type=shared.names,
        required=True,
        metavar="keras,saved_model,onnx,litert",
        help="formats to write, with commas between them",
    )
    command.add_argument(
        "--out", metavar="DIR", help="folder to write to; default: the model's folder"
    )
