"""A segment in a list is the segment that is read, or the list is rejected."""

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile

from keras_ser import audio, corpora
from keras_ser.corpora import table as tables

ORDER = 3
PROMISE = "A segment in a list is the segment that is read, or there is an error"
RATE = 16_000
SECONDS = 8.0
ROUNDING = 0.02  # seconds by which a duration may be wrong
# Notations of a time and the seconds that they mean. They may be read or rejected.
NOTATIONS = {
    "point": ("1.5", 1.5),
    "comma": ("1,5", 1.5),
    "comma and zeros": ("0,125", 0.125),
    "comma without zero": (",5", 0.5),
    "comma and unit": ("1,5 s", 1.5),
    "unit": ("1.5 s", 1.5),
    "milliseconds": ("1500 ms", 1.5),
    "exponent": ("15e-1", 1.5),
    "subtitles": ("00:00:01,500", 1.5),
    "clock": ("00:00:01.500", 1.5),
    "minutes": ("00:01.5", 1.5),
    "minutes with comma": ("00:01,5", 1.5),
    "pandas": ("0 days 00:00:01.500000", 1.5),
    "Python": ("0:00:01.500000", 1.5),
    "three decimals": ("1,234", 1.234),
    "padded comma": ("01,5", 1.5),
}
# These notations must be read.
LEGAL = ("point", "exponent", "clock", "pandas")
# Texts without a meaning in seconds that lies within the file.
NONSENSE = {
    "thousands with blank": "1 500",
    "thousands with apostrophe": "1'500",
    "thousands twice": "1,234,567",
    "thousands and decimals": "1,234.5",
    "European thousands": "1.234,5",
    "underscore": "1_500",
    "two points": "1.5.2",
    "frames": "00:00:01:12",
    "sixty seconds": "00:61",
    "word": "soon",
    "infinite": "inf",
    "other unit": "1.5 x",
    "negative": "-1.5",
}
# Segments that do not lie within the file, as start and end.
OUTSIDE = {
    "milliseconds": ("0", "1500"),
    "another cut": ("6", "9.5"),
    "half a second beyond": ("7", "8.5"),
    "hours": ("01:00:00", "02:00:00"),
    "start beyond": ("9", ""),
    "start at the end": ("8", ""),
    "end before start": ("3", "2"),
    "empty": ("3", "3"),
}
# Columns that bound the segment from 1 to 2.5 seconds, and their cells. They may be
# read or rejected.
HEADERS = {
    "duration": ("start;duration", "1.0;1.5"),
    "short duration": ("begin;dur", "1.0;1.5"),
    "length": ("start;length", "1.0;1.5"),
    "length in milliseconds": ("start;length_ms", "1.0;1500"),
    "end in milliseconds": ("start;end_ms", "1.0;2500"),
    "start in milliseconds": ("start_ms;end", "1000;2.5"),
    "end in samples": ("start;end_sample", "1.0;40000"),
    "onset and offset": ("onset;offset", "1.0;2.5"),
    "offset and duration": ("offset;duration", "1.0;1.5"),
    "offset and length": ("offset;length", "1.0;1.5"),
    "brackets": ("Start (s);End [s]", "1.0;2.5"),
    "milliseconds in brackets": ("Start (ms);End (ms)", "1000;2500"),
    "prefix": ("seg_start;seg_end", "1.0;2.5"),
    "suffix": ("start_time_sec;end_time_sec", "1.0;2.5"),
    "Praat": ("xmin;xmax", "1.0;2.5"),
    "minimum and maximum": ("tmin;tmax", "1.0;2.5"),
    "from and to": ("from;to", "1.0;2.5"),
    "start and to": ("start;to", "1.0;2.5"),
}
INSIDE = {
    "to the end": (7.0, 8.0),
    "a sample beyond": (7.0, 8.0001),
    "a frame beyond": (7.0, 8.01),
    "all": (0.0, 8.0),
    "short": (1.0, 1.1),
}


def attempts(folder: Path):
    """Yield every attempt to read another segment than the list means."""
    world = World(folder)
    for name, (text, seconds) in NOTATIONS.items():
        legal = name in LEGAL
        for part in ("start", "end"):
            yield (
                f"{part}: {name}",
                lambda t=text, s=seconds, p=part, must=legal: world.one(p, t, s, must),
            )
    for name, text in NONSENSE.items():
        yield f"not a time: {name}", lambda text=text: world.nonsense(text)
    for name, pair in OUTSIDE.items():
        yield f"outside: {name}", lambda pair=pair: world.outside(pair)
    for name, pair in HEADERS.items():
        yield f"columns: {name}", lambda pair=pair: world.headers(*pair)
    for name, pair in INSIDE.items():
        yield f"inside: {name}", lambda pair=pair: world.inside(pair)
    for reader in ("huggingface", "emobox", "audformat"):
        yield f"milliseconds in {reader}", lambda r=reader: world.other_reader(r)
    yield "milliseconds in a table by hand", world.table_by_hand
    yield "a timedelta in a table by hand", world.timedelta


class World:
    """A recording whose sound says at which time it is."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.path = folder / "a.wav"
        ramp = np.linspace(-0.9, 0.9, int(SECONDS * RATE))
        soundfile.write(self.path, ramp, RATE, "FLOAT")

    def read(self, start: str, end: str) -> pd.DataFrame:
        """The table of a list with one segment."""
        path = self.folder / "calls.csv"
        row = f'a.wav;m;anger;"{start}";"{end}"'
        path.write_text(f"file;speaker;emotion;start;end\n{row}\n")
        return quiet(lambda: corpora.read("csv", path))

    def heard(self, table: pd.DataFrame) -> tuple[float, float]:
        """Where the audio of the first row starts and ends, in seconds."""
        row = table.iloc[0]
        wave = audio.read(row.file, row.start, row.end)
        first, last = (float(each) / 1.8 + 0.5 for each in (wave[0], wave[-1]))
        return first * SECONDS, last * SECONDS

    def headers(self, names: str, cells: str) -> str:
        """Read a list whose bounds are in other columns."""
        path = self.folder / "calls.csv"
        path.write_text(f"file;speaker;emotion;{names}\na.wav;m;anger;{cells}\n")
        try:
            table = quiet(lambda: corpora.read("csv", path))
        except ValueError:
            return ""
        return self.compare(table, (1.0, 2.5))

    def one(self, part: str, text: str, seconds: float, must: bool) -> str:
        """Read a list with one time."""
        start, end = (text, "") if part == "start" else ("", text)
        right = (seconds, SECONDS) if part == "start" else (0.0, seconds)
        try:
            return self.compare(self.read(start, end), right)
        except ValueError as error:
            return f"rejected: {error}" if must else ""

    def compare(self, table: pd.DataFrame, right: tuple[float, float]) -> str:
        """What differs between the audio and the right segment."""
        found = self.heard(table)
        if not np.allclose(found, right, atol=1e-3):
            return f"heard {found}, right {right}"
        lasts = right[1] - right[0]
        wrong = abs(table.duration.iloc[0] - lasts) > ROUNDING
        return f"duration {table.duration.iloc[0]}, right {lasts}" if wrong else ""

    def nonsense(self, text: str) -> str:
        """Read a list whose start is not a time."""
        return accepted(lambda: self.read(text, ""))

    def outside(self, pair: tuple[str, str]) -> str:
        """Read a list whose segment is not in the file."""
        return accepted(lambda: self.read(*pair))

    def inside(self, pair: tuple[float, float]) -> str:
        """Read a segment that lies in the file but for rounding."""
        start, end = pair
        try:
            table = self.read(str(start), str(end))
        except ValueError as error:
            return f"rejected: {error}"
        return self.compare(table, (start, min(end, SECONDS)))

    def other_reader(self, reader: str) -> str:
        """Read milliseconds in another kind of list."""
        root = self.folder / reader
        root.mkdir(exist_ok=True)
        soundfile.write(root / "a.wav", soundfile.read(self.path)[0], RATE, "FLOAT")
        row = {"wav": "a.wav", "spk": "m", "emo": "anger"}
        texts = {
            "huggingface": ("metadata.csv", "file_name,speaker,label,start,end\n"),
            "audformat": ("db.emotion.csv", "file,speaker,emotion,start,end\n"),
            "emobox": (
                "a.jsonl",
                json.dumps({**row, "start_time": 0, "end_time": 1500}),
            ),
        }
        name, text = texts[reader]
        line = "" if reader == "emobox" else "a.wav,m,anger,0,1500\n"
        (root / name).write_text(text + line)
        place = root / name if reader == "emobox" else root
        corpus = "csv" if reader == "audformat" else reader
        return accepted(lambda: quiet(lambda: corpora.read(corpus, place)))

    def row(self, **times) -> pd.DataFrame:
        """A table that is made by hand."""
        ids = {"utterance": "toy/a", "corpus": "toy", "speaker": "toy/m"}
        return tables.from_rows([{**ids, "file": str(self.path), **times}])

    def table_by_hand(self) -> str:
        """Give milliseconds as a number."""
        return accepted(lambda: self.row(start=0.0, end=1500.0))

    def timedelta(self) -> str:
        """Give times as pandas has them."""
        times = {"start": pd.Timedelta("1s"), "end": pd.Timedelta("2.5s")}
        return self.compare(self.row(**times), (1.0, 2.5))


def accepted(read) -> str:
    """What was heard although there should have been an error."""
    try:
        table = read()
        row = table.iloc[0]
        audio.read(row.file, row.start, row.end)
    except ValueError:
        return ""
    start, end, duration = table[["start", "end", "duration"]].iloc[0]
    return f"accepted: start {start}, end {end}, duration {duration}"


def quiet(read) -> pd.DataFrame:
    """A table without the warnings of its reader."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return read()
