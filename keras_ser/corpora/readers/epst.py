"""Emotional Prosody Speech and Transcripts (EPST), LDC2002S28.

Liberman et al., Linguistic Data Consortium, 2002.

Fifteen recordings of sessions, NIST SPHERE with two microphones at 22.05 kHz, hold the
elicited utterances and talk between them; a transcript a recording tells the times,
`112.96 114.69 A: hot anger, August thirteenth`. That form, and the names of files,
`cc_001.sph` and `cc_001.txt`, are those that public code reads; the release itself was
not at hand. Genders are in its documentation only, and not known here.
"""

import re
import warnings
from collections import Counter
from pathlib import Path

import pandas as pd

from keras_ser.corpora import folders
from keras_ser.corpora import table as tables

EMOTIONS = {
    "anxiety": "anxiety",
    "boredom": "boredom",
    "cold anger": "cold anger",
    "contempt": "contempt",
    "despair": "despair",
    "disgust": "disgust",
    "elation": "elation",
    "happy": "happiness",
    "hot anger": "anger",
    "interest": "interest",
    "neutral": "neutral",
    "panic": "panic",
    "pride": "pride",
    "sadness": "sadness",
    "shame": "shame",
}

_NAME = re.compile(r"(?P<speaker>[a-z]{2})_\d+")
_LINE = re.compile(
    r"(?P<start>\d+(?:\.\d+)?)\s+(?P<end>\d+(?:\.\d+)?)\s+A:(?P<said>.*)"
)


def read(root) -> pd.DataFrame:
    """Reads the utterances as segments of the sessions' recordings.

    Args:
        root: the folder that holds, somewhere below, `cc_001.sph` with `cc_001.txt`
            and their siblings. The audio may have been converted to another format.

    Raises:
        FileNotFoundError: no folder, or no audio in it.
        ValueError: a file name that is not the corpus's, a recording that is there
            twice, without transcript or without utterance.
    """
    root = folders.require_folder(root, "epst", "cc_001.sph and cc_001.txt")
    advice = "Give the folder that holds the recordings and their transcripts."
    files = folders.audio_below(root, "epst", "cc_001.sph", advice)
    named = folders.parsed(files, _NAME, "epst", "speaker and session, cc_001")
    folders.refuse_twice(files, "epst")
    below = folders.files_below(root)
    transcripts = {file.stem: file for file in below if file.suffix == ".txt"}
    left, rows = Counter(), []
    for file, name in named:
        rows += _rows(file, name["speaker"], transcripts.get(file.stem), left)
    _say_left(left, len(rows))
    return tables.from_rows(rows)


def _rows(file: Path, speaker: str, transcript: Path | None, left: Counter) -> list:
    text = transcript.read_text("utf-8", errors="replace") if transcript else ""
    said = [_utterance(line) for line in text.splitlines() if line.strip()]
    found = [utterance for utterance in said if isinstance(utterance, tuple)]
    if not found:
        raise ValueError(
            "Corpus `epst` expects a transcript of each recording, with lines such as "
            f"`112.96 114.69 A: hot anger, August thirteenth`. Received: {file} with "
            f"{transcript or 'no transcript'}. Copy it there again."
        )
    left.update(kind for kind in said if isinstance(kind, str))
    return [
        {
            "utterance": f"epst/{file.stem}/{start:.3f}",
            "file": str(file),
            "start": start,
            "end": end,
            "corpus": "epst",
            "speaker": f"epst/{speaker}",
            "language": "eng",
            "emotion": emotion,
        }
        for start, end, emotion in found
    ]


def _utterance(line: str) -> tuple[float, float, str] | str:
    """Start, end and emotion of a line, or what else it is."""
    match = _LINE.match(line.strip())
    if not match:
        return "without times of speaker A"
    said = match["said"].strip()
    label = said.partition(",")[0].strip().lower()
    start, end = float(match["start"]), float(match["end"])
    if "," in said and label in EMOTIONS and start < end:
        return start, end, EMOTIONS[label]
    return "[MISC]" if said.startswith("[") else "not an utterance of a category"


def _say_left(left: Counter, count: int) -> None:
    if left:
        told = ", ".join(f"{kind} {n}" for kind, n in sorted(left.items()))
        warnings.warn(
            f"Corpus `epst` has {count} utterances. Lines of transcripts left out: "
            f"{told}.",
            stacklevel=3,
        )


CORPUS = tables.Corpus(
    read=read,
    title="Emotional Prosody Speech and Transcripts (EPST), LDC2002S28",
    language="eng",
    licence="LDC User Agreement",
    citation="Liberman, Davis, Grossman, Martey, Bell: Emotional Prosody Speech and "
    "Transcripts LDC2002S28. Linguistic Data Consortium, 2002",
    obtain="from the Linguistic Data Consortium; the folder holds cc_001.sph, "
    "cc_001.txt and their siblings",
    counts={},
    note="Dates and numbers of four syllables. Hot anger is `anger`; cold anger, "
    "elation, panic and despair keep their names. Two microphones, which are averaged.",
    speakers="7 in the recordings (genders not in the files)",
)
