"""MSP-IMPROV: an acted corpus of dyadic interactions to study emotion perception.

Busso et al., "MSP-IMPROV: An acted corpus of dyadic interactions to study emotion
perception", IEEE Transactions on Affective Computing 8(1), 2017.

In `MSP-IMPROV-S01A-F01-S-FM01`, `S01A` is the sentence and its emotion in the scenario,
`F01` gender and session, `S` the kind of recording, and `FM01` the turn. The speaker is
taken to be `F01`, as public code does; a document that says so was not found. Folds do
not leak if it is the partner: both are of one session, of which nobody trains.
"""

import re
from pathlib import Path

import pandas as pd

from keras_ser.corpora import folders
from keras_ser.corpora import table as tables

EMOTIONS = {
    "A": "anger",
    "H": "happiness",
    "N": "neutral",
    "O": "other",
    "S": "sadness",
    "X": "",
}
COUNTS = {
    "anger": 792,
    "happiness": 2644,
    "neutral": 3477,
    "other": 85,
    "sadness": 885,
    "": 555,
}
LISTS = ("Evalution.txt", "Evaluation.txt")  # the first is the release's spelling

_TURN = r"S\d\d[AHNS]-(?P<gender>[FM])0(?P<session>[1-6])-[PRST]-[A-Z]{1,2}\d+"
_NAME = re.compile(rf"MSP-IMPROV-(?P<turn>{_TURN})")
_NUMBER = r"\d+(?:\.\d+)?|NaN"
# UTD-IMPROV-S01A-F02-R-FF01.avi; A; A:2.333333; V:3.333333; D:3.000000 ; N:3.666667;
_LINE = re.compile(
    rf"UTD-IMPROV-(?P<turn>{_TURN})\.avi;\s*(?P<emotion>\w)\s*;"
    rf"\s*A:\s*(?P<activation>{_NUMBER})\s*;\s*V:\s*(?P<valence>{_NUMBER})\s*;"
)
GENDERS = {"F": "female", "M": "male"}


def read(root) -> pd.DataFrame:
    """Reads all turns of all kinds of recording.

    Emotion is what raters agreed on; where they did not (`X`) it is empty, and `O` is
    `other`.

    Args:
        root: the folder that holds Evalution.txt and, somewhere below, the wav files,
            `session1/S01A/P/MSP-IMPROV-S01A-F01-P-FM01.wav`.

    Raises:
        FileNotFoundError: no folder, no list of labels, or no audio.
        ValueError: a line or file name that is not the corpus's, a turn without
            audio, or audio without a label.
    """
    root = folders.require_folder(root, "msp_improv", "Evalution.txt and session1 to 6")
    lists = [root / name for name in LISTS if (root / name).is_file()]
    if not lists:
        raise FileNotFoundError(
            f"Corpus `msp_improv` expects the labels in Evalution.txt. Received: "
            f"{root} with none. Give the folder that holds it."
        )
    labels = _labels(lists[0])
    example = "session1/S01A/P/MSP-IMPROV-S01A-F01-P-FM01.wav"
    files = folders.audio_below(root, "msp_improv", example, "Copy the audio there.")
    files = folders.parsed(files, _NAME, "msp_improv", "MSP-IMPROV-S01A-F01-P-FM01")
    folders.refuse_twice((file for file, _ in files), "msp_improv")
    paths = {name["turn"]: file for file, name in files}
    folders.refuse_unpaired("msp_improv", labels, paths, lists[0].name)
    table = tables.from_rows([_row(labels[turn], paths[turn]) for turn in paths])
    tables.say_unlabelled(table, "msp_improv", "its raters agreed on none (`X`)")
    tables.compare_counts(table, "msp_improv", COUNTS)
    return table


def _labels(path: Path) -> dict[str, re.Match]:
    """Agreed labels by turn; the lines of single raters are passed over."""
    text = path.read_text(encoding="utf-8", errors="replace")
    labels = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith("UTD-IMPROV"):
            continue
        label = _LINE.match(line)
        if not label or label["emotion"] not in EMOTIONS or label["turn"] in labels:
            raise ValueError(
                "Corpus `msp_improv` expects a line a turn, with one of "
                f"{', '.join(EMOTIONS)} and numbers. Received: {path} with {line!r} "
                f"in line {number}. Copy the file again."
            )
        labels[label["turn"]] = label
    return labels


def _row(label: re.Match, file: Path) -> dict:
    return {
        "utterance": f"msp_improv/{label['turn']}",
        "file": str(file),
        "corpus": "msp_improv",
        "speaker": f"msp_improv/{label['gender']}0{label['session']}",
        "session": label["session"],
        "gender": GENDERS[label["gender"]],
        "language": "eng",
        "emotion": EMOTIONS[label["emotion"]],
        "activation": float(label["activation"]),
        "valence": float(label["valence"]),
    }


CORPUS = tables.Corpus(
    read=read,
    title="MSP-IMPROV",
    language="eng",
    licence="of the University of Texas at Dallas, for research, on request",
    citation="Busso, Parthasarathy, Burmania, AbdelWahab, Sadoughi, Provost: "
    "MSP-IMPROV: An acted corpus of dyadic interactions to study emotion perception. "
    "IEEE Transactions on Affective Computing 8(1), 2017",
    obtain="on request from the Multimodal Signal Processing Laboratory of the "
    "University of Texas at Dallas; the folder holds Evalution.txt and session1 to 6",
    counts=COUNTS,
    note="Twenty target sentences are spoken by all. Without label: `X`, where raters "
    "agreed on none. The speaker is read off the name's fourth part, `F01`.",
    speakers="12 (6 female, 6 male), in 6 sessions of two",
)
