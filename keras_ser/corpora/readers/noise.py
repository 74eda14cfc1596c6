"""Recordings of noise, which conditions mix into speech: DEMAND, and any other folder.

Rows have no emotion, language or gender. `session` is the kind of noise.
"""

import re
from pathlib import Path

import pandas as pd

from keras_ser.corpora import folders
from keras_ser.corpora import table as tables

_CHANNEL = re.compile(r"ch\d\d")


def read(root: str | Path) -> pd.DataFrame:
    """Reads every audio file below a folder.

    The kind of noise is the folder of the file, relative to `root`. Nobody speaks, so
    each clip is its own speaker.

    Args:
        root: The folder, such as the one that holds `rain/1-17367-A.ogg`.

    Returns:
        A table; see `keras_ser.corpora.table`.

    Raises:
        FileNotFoundError: If the folder does not exist or holds no audio.
        ValueError: If a clip occurs in two formats.
    """
    root = folders.require_folder(root, "noise", "audio files, one folder per kind")
    advice = "Give a folder with recordings of noise."
    files = folders.audio_below(root, "noise", "rain/1-17367-A.ogg", advice)
    clips = {file: file.relative_to(root).with_suffix("").as_posix() for file in files}
    folders.check_unique(files, "noise", clips.get)
    return tables.from_rows(
        [
            {
                "utterance": f"noise/{clip}",
                "file": str(file),
                "corpus": "noise",
                "speaker": f"noise/{clip}",
                "session": clip.rpartition("/")[0],
            }
            for file, clip in clips.items()
        ]
    )


def read_demand(root: str | Path) -> pd.DataFrame:
    """Reads DEMAND, whose files are `DKITCHEN/ch01.wav` and so on.

    The sixteen channels of an environment are the same recording with sixteen
    microphones. Their speaker is the environment, so that no fold separates them.

    Args:
        root: The folder that holds the folders of the environments.

    Returns:
        A table; see `keras_ser.corpora.table`.

    Raises:
        FileNotFoundError: If the folder does not exist or holds no audio.
        ValueError: If a file name does not follow the corpus's pattern, or if a channel
            occurs twice, for example at two sampling rates.
    """
    root = folders.require_folder(root, "demand", "audio such as DKITCHEN/ch01.wav")
    advice = "Give the folder that holds DKITCHEN, NPARK and so on."
    files = folders.audio_below(root, "demand", "DKITCHEN/ch01.wav", advice)
    expects = "a channel, such as ch01, in the folder of its environment"
    folders.parse_names(files, _CHANNEL, "demand", expects)
    folders.check_unique(files, "demand", _channel_id)
    return tables.from_rows(
        [
            {
                "utterance": f"demand/{_channel_id(file)}",
                "file": str(file),
                "corpus": "demand",
                "speaker": f"demand/{file.parent.name}",
                "session": file.parent.name,
            }
            for file in files
        ]
    )


def _channel_id(file: Path) -> str:
    return f"{file.parent.name}/{file.stem}"


NOISE = tables.Corpus(
    read=read,
    title="Your own folder of noise recordings",
    language="",
    licence="that of the recordings",
    citation="that of the recordings",
    obtain="--corpus noise=DIR. The folder holds audio files in one folder per kind, "
    "such as those of ESC-10",
    counts={},
    note="For mixing into speech. It has no emotions.",
    speakers="none",
)
DEMAND = tables.Corpus(
    read=read_demand,
    title="Diverse Environments Multichannel Acoustic Noise Database (DEMAND)",
    language="",
    licence="CC BY-SA 3.0",
    citation="Thiemann, Ito, Vincent: The Diverse Environments Multi-channel Acoustic "
    "Noise Database (DEMAND). Proceedings of Meetings on Acoustics 19, 2013",
    obtain="free download from the authors, at 16 or 48 kHz. The folder holds "
    "DKITCHEN/ch01.wav and so on",
    counts={},
    note="For mixing into speech. It has no emotions. Papers mix channel 1.",
    speakers="none",
)
