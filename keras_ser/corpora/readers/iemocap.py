"""Interactive Emotional Dyadic Motion Capture Database (IEMOCAP).

Where the annotators did not decide, the reader does not decide either. `xxx` means that
no majority of them agreed. The emotion is then empty, so the utterance is unlabelled
speech, and a warning counts these utterances. `oth` means that they agreed on an
emotion that is not in the list; it becomes `other`. Excitement stays separate from
happiness; the label set `four` merges them.

Reference:
    Busso et al.: IEMOCAP: interactive emotional dyadic motion capture database.
        Language Resources and Evaluation 42, 2008
"""

import re
from pathlib import Path

import pandas as pd

from keras_ser.corpora import folders
from keras_ser.corpora import table as tables
from keras_ser.corpora.own import lists

EMOTIONS = {
    "ang": "anger",
    "dis": "disgust",
    "exc": "excitement",
    "fea": "fear",
    "fru": "frustration",
    "hap": "happiness",
    "neu": "neutral",
    "oth": "other",
    "sad": "sadness",
    "sur": "surprise",
    "xxx": "",
}
COUNTS = {
    "anger": 1103,
    "disgust": 2,
    "excitement": 1041,
    "fear": 40,
    "frustration": 1849,
    "happiness": 595,
    "neutral": 1708,
    "other": 3,
    "sadness": 1084,
    "surprise": 107,
    "": 2507,
}

# [6.2901 - 8.2357]	Ses01F_impro01_F000	neu	[2.5000, 2.5000, 2.5000]
_LINE = re.compile(
    r"\[\d+\.\d+ - \d+\.\d+\]\s+(?P<turn>\w+)\s+(?P<emotion>\w+)\s+"
    r"\[(?P<valence>\d+\.\d+),\s*(?P<activation>\d+\.\d+),\s*"
    r"(?P<dominance>\d+\.\d+)\]"
)
# session, who wears the markers, kind and number of the dialog, who speaks and turn
_TURN = re.compile(
    r"Ses0(?P<session>[1-5])[FM]_(?P<kind>impro|script)\w+_(?P<gender>[FM])[X\d]+"
)
GENDERS = {"F": "female", "M": "male"}


def read(root: str | Path) -> pd.DataFrame:
    """Reads all turns.

    The speaker is the one who speaks the turn. `Ses01F_impro01_M003`, for example, is
    spoken by the man of session 1. Each session has a woman and a man. When one of them
    is tested, the other selects the epoch.

    Args:
        root: The folder that holds `Session1` to `Session5`.

    Returns:
        A table; see `keras_ser.corpora.table`.

    Raises:
        FileNotFoundError: If the folder does not exist or does not hold
            `Session?/dialog/EmoEvaluation`.
        ValueError: If a label cannot be read or is unknown, a turn has no audio, or
            audio has no label.
    """
    table = _read(root, "iemocap")
    tables.compare_counts(table, "iemocap", COUNTS)
    return table


def read_improvised(root: str | Path) -> pd.DataFrame:
    """Reads the turns of the improvised dialogs only; see `read`."""
    return _read(root, "iemocap_improvised", "impro")


def read_scripted(root: str | Path) -> pd.DataFrame:
    """Reads the turns of the scripted dialogs only; see `read`."""
    return _read(root, "iemocap_scripted", "script")


def _read(root: str | Path, name: str, kind: str = "") -> pd.DataFrame:
    root = folders.require_folder(root, name, "Session1 to Session5")
    texts = sorted(root.glob("Session[1-5]/dialog/EmoEvaluation/[!.]*.txt"))
    if not texts:
        raise FileNotFoundError(
            f"Corpus `{name}` expects label files such as "
            f"Session1/dialog/EmoEvaluation/Ses01F_impro01.txt. Received: {root}, "
            "which has none. Give the folder that holds Session1 to Session5."
        )
    labels = [label for path in texts for label in _labels(path, name)]
    files = folders.files_matching(root, "Session[1-5]/sentences/wav/[!.]*/[!.]*")
    files = [file for file in files if folders.is_audio(file)]
    folders.check_unique(files, name)
    paths = {file.stem: file for file in files}
    turns = [label["turn"] for label in labels]
    folders.check_paired(name, turns, paths, "the files in dialog/EmoEvaluation")
    rows = [_row(label, paths[label["turn"]]) for label in labels]
    rows = [row for row in rows if f"_{kind}" in row["utterance"]]
    table = tables.from_rows(rows)
    tables.warn_about_unlabelled(
        table, name, "its annotators did not agree on one (`xxx`)"
    )
    return table


def _labels(path: Path, name: str) -> list[re.Match]:
    """Parses the lines of the turns, which start with the times in brackets."""
    labels = []
    for number, line in enumerate(lists.read_lines(path, name), 1):
        if not line.startswith("["):
            continue
        label = _LINE.match(line)
        known = label and label["emotion"] in EMOTIONS
        if not known or not _TURN.fullmatch(label["turn"]):
            raise ValueError(
                f"Corpus `{name}` expects lines with times, a turn, an emotion (one of "
                f"{', '.join(EMOTIONS)}) and three numbers. Received: {path} with "
                f"{line!r} in line {number}. Copy the file again."
            )
        labels.append(label)
    return labels


def _row(label: re.Match, file: Path) -> dict:
    turn = _TURN.fullmatch(label["turn"])
    return {
        "utterance": f"iemocap/{label['turn']}",
        "file": str(file),
        "corpus": "iemocap",
        "speaker": f"iemocap/0{turn['session']}{turn['gender']}",
        "session": turn["session"],
        "gender": GENDERS[turn["gender"]],
        "language": "eng",
        "emotion": EMOTIONS[label["emotion"]],
        **{name: float(label[name]) for name in tables.RATINGS},
    }


CORPUS = tables.Corpus(
    read=read,
    title="Interactive Emotional Dyadic Motion Capture Database (IEMOCAP)",
    language="eng",
    licence="research licence of the University of Southern California, on request",
    citation="Busso, Bulut, Lee, Kazemzadeh, Mower, Kim, Chang, Lee, Narayanan: "
    "IEMOCAP: interactive emotional dyadic motion capture database. Language Resources "
    "and Evaluation 42, 2008",
    obtain="on request from the Signal Analysis and Interpretation Laboratory of the "
    "University of Southern California. The folder holds Session1 to Session5",
    counts=COUNTS,
    note="The label set `four`, which merges excitement with happiness, has 5531 "
    "utterances: anger 1103, happiness 1636, neutral 1708, sadness 1084. The scripted "
    "dialogs have the same texts in all sessions. Utterances on which the annotators "
    "did not agree (`xxx`) are unlabelled.",
    speakers="10 (5 female, 5 male), in 5 sessions with two speakers each",
)
IMPROVISED = tables.Corpus(
    read=read_improvised,
    title="IEMOCAP, improvised dialogs only",
    language="eng",
    licence=CORPUS.licence,
    citation=CORPUS.citation,
    obtain=CORPUS.obtain,
    counts={},
    note="The utterances, speakers and folder are those of `iemocap`.",
    speakers=CORPUS.speakers,
)
SCRIPTED = tables.Corpus(
    read=read_scripted,
    title="IEMOCAP, scripted dialogs only",
    language="eng",
    licence=CORPUS.licence,
    citation=CORPUS.citation,
    obtain=CORPUS.obtain,
    counts={},
    note="The utterances, speakers and folder are those of `iemocap`. The same texts "
    "are spoken in every session.",
    speakers=CORPUS.speakers,
)
