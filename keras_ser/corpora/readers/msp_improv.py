"""MSP-IMPROV, an acted corpus of dyadic interactions.

In `MSP-IMPROV-S01A-F01-S-FM01`, `S01A` is the sentence and its emotion in the scenario,
`F01` the gender and the session, `S` the kind of recording, and `FM01` the turn. The
speaker is assumed to be `F01`, as in public code; no document that confirms this was
found. If it were the partner, folds would still not leak because both belong to the
same session, and neither of them is then in the training set.

Reference:
    Busso et al.: MSP-IMPROV: An acted corpus of dyadic interactions to study emotion
        perception. IEEE Transactions on Affective Computing 8(1), 2017
"""

import re
from pathlib import Path

import pandas as pd

from keras_ser.corpora import folders
from keras_ser.corpora import table as tables
from keras_ser.corpora.own import lists

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
LISTS = ("Evalution.txt", "Evaluation.txt")  # the release spells it as the first

_TURN = r"S\d\d[AHNS]-(?P<gender>[FM])0(?P<session>[1-6])-[PRST]-[A-Z]{1,2}\d+"
_NAME = re.compile(rf"MSP-IMPROV-(?P<turn>{_TURN})")
_NUMBER = r"\d+(?:\.\d+)?|NaN"
# UTD-IMPROV-S01A-F02-R-FF01.avi; A; A:2.333333; V:3.333333; D:3.000000 ; N:3.666667;
_LINE = re.compile(
    rf"UTD-IMPROV-(?P<turn>{_TURN})\.avi;\s*(?P<emotion>\w)\s*;"
    rf"\s*A:\s*(?P<activation>{_NUMBER})\s*;\s*V:\s*(?P<valence>{_NUMBER})\s*;"
    rf"\s*D:\s*(?P<dominance>{_NUMBER})\s*;"
)
EXPECTS = "`MSP-IMPROV-` and the turn, such as MSP-IMPROV-S01A-F01-P-FM01"
GENDERS = {"F": "female", "M": "male"}


def read(root: str | Path) -> pd.DataFrame:
    """Reads all turns of all kinds of recording.

    The emotion is the one that the raters agreed on. It is empty if they did not agree
    (`X`), and `O` becomes `other`.

    Args:
        root: The folder that holds Evalution.txt and, at any depth, wav files such as
            `session1/S01A/P/MSP-IMPROV-S01A-F01-P-FM01.wav`.

    Returns:
        A table; see `keras_ser.corpora.table`.

    Raises:
        FileNotFoundError: If the folder, the list of labels or the audio is missing.
        ValueError: If a line or file name does not follow the corpus's pattern, a turn
            has no audio, or audio has no label.
    """
    root = folders.require_folder(root, "msp_improv", "Evalution.txt and session1 to 6")
    texts = [root / name for name in LISTS if (root / name).is_file()]
    if not texts:
        raise FileNotFoundError(
            "Corpus `msp_improv` expects the labels in Evalution.txt. Received: "
            f"{root}, which does not hold that file. Give the folder that holds it."
        )
    labels = _labels(texts[0])
    example = "session1/S01A/P/MSP-IMPROV-S01A-F01-P-FM01.wav"
    files = folders.audio_below(root, "msp_improv", example, "Copy the audio there.")
    files = folders.parse_names(files, _NAME, "msp_improv", EXPECTS)
    folders.check_unique((file for file, _ in files), "msp_improv")
    paths = {name["turn"]: file for file, name in files}
    folders.check_paired("msp_improv", labels, paths, texts[0].name)
    table = tables.from_rows([_row(labels[turn], paths[turn]) for turn in paths])
    tables.warn_about_unlabelled(
        table, "msp_improv", "its raters did not agree on one (`X`)"
    )
    tables.compare_counts(table, "msp_improv", COUNTS)
    return table


def _labels(path: Path) -> dict[str, re.Match]:
    """Maps each turn to its agreed label. Lines of individual raters are skipped."""
    labels = {}
    for number, line in enumerate(lists.read_lines(path, "msp_improv"), 1):
        if not line.startswith("UTD-IMPROV"):
            continue
        label = _LINE.match(line)
        if not label or label["emotion"] not in EMOTIONS or label["turn"] in labels:
            raise ValueError(
                "Corpus `msp_improv` expects one line per turn, with an emotion (one "
                f"of {', '.join(EMOTIONS)}) and numbers. Received: {path} with "
                f"{line!r} in line {number}. Copy the file again."
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
        **{name: float(label[name]) for name in tables.RATINGS},
    }


CORPUS = tables.Corpus(
    read=read,
    title="MSP-IMPROV",
    language="eng",
    licence="research licence of the University of Texas at Dallas, on request",
    citation="Busso, Parthasarathy, Burmania, AbdelWahab, Sadoughi, Provost: "
    "MSP-IMPROV: An acted corpus of dyadic interactions to study emotion perception. "
    "IEEE Transactions on Affective Computing 8(1), 2017",
    obtain="on request from the Multimodal Signal Processing Laboratory of the "
    "University of Texas at Dallas. The folder holds Evalution.txt and session1 to "
    "session6",
    counts=COUNTS,
    note="All speakers speak the same twenty target sentences. Utterances on which the "
    "raters did not agree (`X`) are unlabelled. The speaker is taken from the part of "
    "the file name such as `F01`.",
    speakers="12 (6 female, 6 male), in 6 sessions with two speakers each",
)
