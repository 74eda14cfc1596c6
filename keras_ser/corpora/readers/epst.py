"""Emotional Prosody Speech and Transcripts (EPST), LDC2002S28.

Fifteen recordings of sessions hold the elicited utterances and the talk between them.
They are NIST SPHERE files with two microphones at 22.05 kHz. Each recording has a
transcript with the times, `112.96 114.69 A: hot anger, August thirteenth`. This format
and the file names, `cc_001.sph` and `cc_001.txt`, are those that public code reads. The
release itself was not available. Genders are only given in its documentation and are
unknown here.

Reference:
    Liberman et al.: Emotional Prosody Speech and Transcripts. Linguistic Data
        Consortium, 2002
"""

import re
import warnings
from collections import Counter
from pathlib import Path

import pandas as pd

from keras_ser.corpora import folders
from keras_ser.corpora import table as tables
from keras_ser.corpora.own import lists

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

EXPECTS = "speaker and session, such as cc_001"

_NAME = re.compile(r"(?P<speaker>[a-z]{2})_\d+")
_LINE = re.compile(
    r"(?P<start>\d+(?:\.\d+)?)\s+(?P<end>\d+(?:\.\d+)?)\s+A:(?P<said>.*)"
)


def read(root: str | Path) -> pd.DataFrame:
    """Reads the utterances as segments of the recordings.

    Args:
        root: The folder that holds, at any depth, files such as `cc_001.sph` and
            `cc_001.txt`. The audio may have been converted to another format.

    Returns:
        A table; see `keras_ser.corpora.table`.

    Raises:
        FileNotFoundError: If the folder does not exist or holds no audio.
        ValueError: If a file name does not follow the corpus's pattern, a recording
            occurs twice, or a recording has no transcript or no utterance.
    """
    root = folders.require_folder(root, "epst", "files such as cc_001.sph, cc_001.txt")
    advice = "Give the folder that holds the recordings and their transcripts."
    files = folders.audio_below(root, "epst", "cc_001.sph", advice)
    named = folders.parse_names(files, _NAME, "epst", EXPECTS)
    folders.check_unique(files, "epst")
    below = folders.files_below(root)
    transcripts = {file.stem: file for file in below if file.suffix == ".txt"}
    ignored, rows = Counter(), []
    for file, name in named:
        rows += _rows(file, name["speaker"], transcripts.get(file.stem), ignored)
    _warn_about_ignored(ignored, len(rows))
    return tables.from_rows(rows)


def _rows(
    file: Path, speaker: str, transcript: Path | None, ignored: Counter
) -> list[dict]:
    lines = lists.read_lines(transcript, "epst") if transcript else []
    parsed = [_parse_line(line) for line in lines if line.strip()]
    found = [line for line in parsed if isinstance(line, tuple)]
    if not found:
        raise ValueError(
            "Corpus `epst` expects a transcript of each recording, with lines such as "
            f"`112.96 114.69 A: hot anger, August thirteenth`. Received: {file} with "
            f"{transcript or 'no transcript'}. Copy the transcript again."
        )
    ignored.update(line for line in parsed if isinstance(line, str))
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


def _parse_line(line: str) -> tuple[float, float, str] | str:
    """Returns start, end and emotion of an utterance, or the kind of any other line."""
    match = _LINE.match(line.strip())
    if not match:
        return "without times of speaker A"
    said = match["said"].strip()
    label = said.partition(",")[0].strip().lower()
    start, end = float(match["start"]), float(match["end"])
    if "," in said and label in EMOTIONS and start < end:
        return start, end, EMOTIONS[label]
    return "[MISC]" if said.startswith("[") else "not an utterance of a category"


def _warn_about_ignored(ignored: Counter, count: int) -> None:
    if ignored:
        kinds = ", ".join(f"{kind} {n}" for kind, n in sorted(ignored.items()))
        warnings.warn(
            f"Corpus `epst` has {count} utterances. Lines of the transcripts that are "
            f"left out: {kinds}.",
            stacklevel=3,
        )


CORPUS = tables.Corpus(
    read=read,
    title="Emotional Prosody Speech and Transcripts (EPST), LDC2002S28",
    language="eng",
    licence="LDC User Agreement",
    citation="Liberman, Davis, Grossman, Martey, Bell: Emotional Prosody Speech and "
    "Transcripts LDC2002S28. Linguistic Data Consortium, 2002",
    obtain="from the Linguistic Data Consortium. The folder holds cc_001.sph, "
    "cc_001.txt and so on",
    counts={},
    note="The utterances are dates and numbers of four syllables. Hot anger becomes "
    "`anger`. Cold anger, elation, panic and despair keep their names. The two "
    "microphones are averaged.",
    speakers="7 in the recordings (genders not in the files)",
)
