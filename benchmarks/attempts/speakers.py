"""One person under two spellings never becomes two speakers."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile

from keras_ser import corpora, protocols
from keras_ser.corpora import table as tables

ORDER = 1
PROMISE = "One person is one speaker, however the lists spell the name"
RATE = 16_000
# Spellings of one person. They must be one speaker, or the list must be rejected.
SAME = {
    "composed and decomposed": ("J\u00f6rg", "Jo\u0308rg"),
    "decomposed Hangul": ("\ud55c", "\u1112\u1161\u11ab"),
    "upper and lower case": ("Anna", "anna"),
    "case of an umlaut": ("\u00d6mer", "\u00f6mer"),
    "sharp s": ("Wei\u00df", "WEISS"),
    "leading zero": ("3", "03"),
    "two leading zeros": ("3", "003"),
    "leading zero after a letter": ("S1", "S01"),
    "leading zero in the middle": ("spk7f", "spk007f"),
    "float of pandas": ("3", "3.0"),
    "float and leading zero": ("03", "3.0"),
    "large float of pandas": ("10000000000000000", "1e+16"),
    "two blanks": ("Anna Maria", "Anna  Maria"),
    "no-break space": ("Anna Maria", "Anna\u00a0Maria"),
    "zero-width space": ("Anna", "Anna\u200b"),
    "byte order mark inside": ("Anna", "\ufeffAnna"),
    "full-width digits": ("12", "\uff11\uff12"),
    "ligature": ("Steffi", "Ste\ufb03"),
    "blank before a number": ("Speaker 3", "Speaker3"),
    "several differences": ("Speaker 03", " speaker 3 "),
}
# Different people. They must be accepted as two speakers.
DIFFERENT = {
    "numbers": ("1", "10"),
    "padded numbers": ("01", "10"),
    "a zero": ("0", "00a"),
    "letters of sessions": ("01F", "01M"),
    "names that share a start": ("Ann", "Anna"),
    "an accent": ("Jorg", "J\u00f6rg"),
    "groups of speakers": ("1.1", "1.10"),
    "groups with a blank": ("1 1", "11"),
    "codes like exponents": ("1e2", "100"),
    "a sign": ("spk-1", "spk1"),
    "letters": ("a", "b"),
    "scripts": ("\u0410\u043d\u043d\u0430", "\u041d\u0438\u043d\u0430"),
}


def attempts(folder: Path):
    """Yield every attempt to make two speakers of one person, or one of two."""
    for name, pair in SAME.items():
        yield f"csv: {name}", lambda pair=pair: same(read_csv(folder, pair))
        yield f"table: {name}", lambda pair=pair: same(make_table(folder, pair))
    for name, pair in DIFFERENT.items():
        yield f"csv: different, {name}", lambda pair=pair: two(read_csv(folder, pair))
    for name in ("leading zero", "upper and lower case"):
        pair = SAME[name]
        yield f"pattern: {name}", lambda pair=pair: same(read_folder(folder, pair))
        yield f"fold: {name}", lambda pair=pair: fold(folder, pair)
        yield f"joined tables: {name}", lambda pair=pair: joined(folder, pair)
    yield "the same number in two corpora", lambda: two_corpora(folder)


def same(read) -> str:
    """What is wrong if the two rows of a person are two speakers."""
    try:
        table = read()
    except ValueError:
        return ""
    count = table.speaker.nunique()
    return "" if count == 1 else f"{count} speakers: {sorted(table.speaker.unique())}"


def two(read) -> str:
    """What is wrong if two people are not two speakers."""
    try:
        count = read().speaker.nunique()
    except ValueError as error:
        return f"rejected: {error}"
    return "" if count == 2 else f"{count} speakers"


def read_csv(folder: Path, pair: tuple[str, str]):
    """A function that reads a list in which two rows name these speakers."""
    files = [sound(folder / f"{number}.wav", number) for number in range(2)]
    lines = [f"{file.name},{who},anger" for file, who in zip(files, pair, strict=True)]
    path = folder / "calls.csv"

    def read():
        path.write_text("\n".join(["file,speaker,emotion", *lines]), encoding="utf-8")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return corpora.read("csv", path)

    return read


def read_folder(folder: Path, pair: tuple[str, str]):
    """A function that reads a folder whose files are named after the speakers."""
    root = folder / f"tree {'-'.join(pair)}"
    for number, who in enumerate(pair):
        sound(root / "anger" / f"{who}_{number}.wav", number)
    return lambda: corpora.read("folder", root, speaker=r"(\w+)_\d")


def make_table(folder: Path, pair: tuple[str, str], corpus: str = "toy"):
    """A function that makes a table by hand, without a reader."""

    def make():
        return tables.from_rows(
            [
                {
                    "utterance": f"{corpus}/{number}",
                    "file": str(sound(folder / f"{number}.wav", number)),
                    "corpus": corpus,
                    "speaker": f"{corpus}/{who}",
                    "emotion": "anger",
                }
                for number, who in enumerate(pair)
            ]
        )

    return make


def fold(folder: Path, pair: tuple[str, str]) -> str:
    """Leave one spelling out of a table that was made without any check."""
    people = [*pair, "p1", "p2", "p3"]
    rows = [(who, emotion) for who in people for emotion in ("anger", "sadness")]
    table = make_table(folder, [str(n) for n in range(len(rows))])()
    table["speaker"] = [f"toy/{who}" for who, _ in rows]
    table["emotion"] = [emotion for _, emotion in rows]
    try:
        folds = protocols.leave_one_speaker_out(table)
    except ValueError:
        return ""
    both = {f"toy/{who}" for who in pair}
    for name, made in folds.items():
        tested = {who for test in made.tests.values() for who in test.speaker}
        if tested & both and set(made.train.speaker) & both:
            return f"fold {name} tests {tested} and trains on the same person"
    return ""


def joined(folder: Path, pair: tuple[str, str]) -> str:
    """Join two tables of one corpus that spell a person differently."""
    parts = [make_table(folder, [who])() for who in pair]
    parts[1]["utterance"] = parts[1]["source"] = "toy/other"
    return same(lambda: corpora.check(pd.concat(parts, ignore_index=True)))


def two_corpora(folder: Path) -> str:
    """The speakers `03` of two corpora are two people."""
    parts = [make_table(folder, ["03"], name)() for name in ("emodb", "ravdess")]
    return two(lambda: corpora.check(pd.concat(parts, ignore_index=True)))


def sound(path: Path, seed: int) -> Path:
    """A file of noise, which is written once."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        wave = np.random.default_rng(seed).normal(scale=0.1, size=RATE // 10)
        soundfile.write(path, wave, RATE)
    return path
