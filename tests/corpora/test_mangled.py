"""Mangled folders and lists: read completely or rejected, never with made-up labels."""

import json
import tempfile
import warnings
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from keras_ser import corpora
from keras_ser.corpora import folders
from keras_ser.corpora.own import vocabulary

quick = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
# The meaning of labels, stated independently of the vocabulary.
MEANING = {
    "anger": "anger",
    "ANG": "anger",
    "Wut": "anger",
    "happy": "happiness",
    "hot anger": "anger",
    "xxx": "",
    "": "",
    "nan": "",
}
UNKNOWN = ("wroth", "0", "angerr", "\u200b", "anger,sadness")
GOOD = {
    "crema_d": ["AudioWAV/1001_DFA_ANG_XX.wav", "AudioWAV/1002_IEO_SAD_LO.wav"],
    "demand": ["DKITCHEN/ch01.wav", "NPARK/ch01.wav"],
    "emodb": ["wav/03a01Fa.wav", "wav/08a01Wa.wav"],
    "emovo": ["f1/dis-f1-b1.wav", "m3/gio-m3-n5.wav"],
    "librispeech": ["dev/103/1/103-1-0000.flac", "dev/26/4/26-4-0003.flac"],
    "noise": ["rain/a.wav", "rain/b.ogg"],
    "ravdess": [
        "Actor_01/03-01-05-02-02-01-01.wav",
        "Actor_24/03-01-02-01-01-02-24.wav",
    ],
    "savee": ["DC/a01.wav", "JE/sa01.wav"],
    "tess": ["OAF_angry/OAF_back_angry.wav", "OAF_neutral/OA_bite_neutral.wav"],
    "urdu": ["Angry/SM1_F1_A01.wav", "Happy/SF1_F1_H01.wav"],
}
# Labels of the files in `GOOD`. Other files have no label.
LABELS = {
    "1001_DFA_ANG_XX": "anger",
    "1002_IEO_SAD_LO": "sadness",
    "03a01Fa": "happiness",
    "08a01Wa": "anger",
    "dis-f1-b1": "disgust",
    "gio-m3-n5": "happiness",
    "03-01-05-02-02-01-01": "anger",
    "03-01-02-01-01-02-24": "calm",
    "a01": "anger",
    "sa01": "sadness",
    "OAF_back_angry": "anger",
    "OA_bite_neutral": "neutral",
    "SM1_F1_A01": "anger",
    "SF1_F1_H01": "happiness",
}


def reading(name, root, **options):
    """Returns the table and the warnings, or None and the error message."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            table = corpora.read(name, root, **options)
        except (ValueError, FileNotFoundError) as error:
            event("rejected")
            return None, str(error)
    event("read")
    return table, " ".join(str(warning.message) for warning in said)


def is_a_message(text, root):
    named = str(root) in text or "Received: /dev/null" in text
    return len(text) > 40 and "Received" in text and named


def write(root, name, content):
    path = Path(root, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


cells = st.one_of(
    st.sampled_from(
        ["a.wav", "b.wav", "c.wav", "gone.wav", "../a.wav", "/dev/null", "."]
    ),
    st.sampled_from(["anna", "7", "f", "M", "diverse", "deu", "German", "elvish"]),
    st.sampled_from(["0", "0.05", "-1", "1e999", "0 days 00:00:00.05", "soon", "NaT"]),
    st.sampled_from([*MEANING, *UNKNOWN]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=3),
)
headers = st.lists(
    st.sampled_from(
        ["file", "path", "speaker", "Subject", "emotion", "label", "start", "end"]
        + ["sex", "lang", "arousal", "session", "age", " ", "\ufeff"]
    ),
    min_size=1,
    max_size=6,
)


ODDITY_RATE = 8  # one in so many lists has a given oddity
odd = st.integers(1, ODDITY_RATE).map(lambda number: number == ODDITY_RATE)
RIGHT = {
    "speaker": st.sampled_from(["anna", "ben"]),
    "emotion": st.sampled_from(list(MEANING)),
}


@st.composite
def lists(draw):
    """Draws the text of a CSV file, with or without oddities, its header and rows."""
    usual = st.permutations(["file", "speaker", "emotion"])
    header = draw(headers if draw(odd) else usual)
    files = draw(st.permutations(["a.wav", "b.wav", "c.wav"]))
    rows = [
        [file if name == "file" else draw(RIGHT.get(name, cells)) for name in header]
        for file in files[: draw(st.integers(0, 3))]
    ]
    if rows and draw(odd):
        place = draw(st.integers(0, len(header) - 1))
        draw(st.sampled_from(rows))[place] = draw(cells)
    if rows and draw(odd):
        rows += [rows[0]]
    if rows and draw(odd):
        rows[-1] = rows[-1][:-1]
    separator = draw(st.sampled_from(",;\t"))
    lines = [
        separator.join('"' + cell.replace('"', '""') + '"' for cell in row)
        for row in [header, *rows]
    ]
    return "\n".join(lines) + draw(st.sampled_from(["", "\n", "\n\n"])), header, rows


@pytest.fixture(scope="module")
def audio_files(tmp_path_factory, sounds):
    folder = tmp_path_factory.mktemp("calls")
    for seed, name in enumerate("abc"):
        write(folder, f"{name}.wav", sounds(seed))
    return folder


@quick
@given(drawn=lists())
def test_a_list_is_read_completely_or_rejected(audio_files, drawn):
    text, header, rows = drawn
    path = audio_files / "list.csv"
    path.write_text(text, encoding="utf-8", newline="")
    table, said = reading("csv", path)
    if table is None:
        assert is_a_message(said, audio_files), said
        return
    assert len(table) == len(rows)
    column = next((h for h in header if vocabulary.find_column(h) == "emotion"), None)
    if header.count("emotion"):
        column = "emotion"
    labels = [row[header.index(column)].strip() if column else "" for row in rows]
    # Random text is only read if it happens to be in the vocabulary, such as `S`.
    meaning = {**vocabulary.map_labels(labels)[0], **MEANING}
    assert list(table.emotion) == [meaning[label] for label in labels]


@quick
@given(garbage=st.binary(max_size=200))
def test_bytes_are_rejected_with_a_message(audio_files, garbage):
    for name, suffix in (("csv", "csv"), ("emobox", "jsonl")):
        path = audio_files / f"list.{suffix}"
        path.write_bytes(garbage)
        table, said = reading(name, path)
        assert table is None
        assert is_a_message(said, path), said


values = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(),
    st.sampled_from(["a.wav", *MEANING, *UNKNOWN]),
)


@st.composite
def json_lists(draw):
    """Draws the lines of an EmoBox list, with or without oddities."""
    rows = [
        {"dataset": "x", "wav": wav, "emo": draw(RIGHT["emotion"]), "spk": 7}
        for wav in draw(st.permutations(["a.wav", "b.wav", "c.wav"]))
    ]
    if draw(odd):
        draw(st.sampled_from(rows))[draw(st.sampled_from([*rows[0], "odd"]))] = draw(
            values
        )
    if draw(odd):
        draw(st.sampled_from(rows)).pop(draw(st.sampled_from(list(rows[0]))), None)
    return rows[: draw(st.integers(0, 3))]


@quick
@given(rows=json_lists())
def test_json_lines_are_read_completely_or_rejected(audio_files, rows):
    path = audio_files / "list.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    table, said = reading("emobox", path)
    if table is None:
        assert is_a_message(said, audio_files), said
        return
    assert len(table) == len(rows)
    labels = [row.get("emo") or "" for row in rows]
    assert list(table.emotion) == [MEANING[label] for label in labels]


junk = st.sampled_from(
    [
        "copy.wav",
        "wav/03a01Fa (1).wav",
        "x/1001_DFA_ANG_XX.wav",
        "AudioWAV/1001_DFA_XYZ_XX.wav",
        "Actor_02/03-01-05-02-02-01-01.wav",
        "JE/DC_a01.wav",
        "Happy/SM1_F1_A01.wav",
        "._x.wav",
        "__MACOSX/y.wav",
        ".hidden/z.wav",
        "notes.txt",
        "Thumbs.db",
        "m3/gio-m3-n5.flac",
        "ch02/ch02.wav",
        "é/ü.wav",
    ]
)


@st.composite
def trees(draw, name):
    """Draws file names: those of a corpus, fewer, more, moved or with other endings."""
    good = draw(st.lists(st.sampled_from(GOOD[name]), unique=True))
    more = draw(st.lists(junk, max_size=2)) if draw(st.booleans()) else []
    if draw(st.integers(0, 4)) == 0:
        good = [f"deeper/{file}" for file in good]
    if draw(st.integers(0, 4)) == 0:
        good = [file.replace(".wav", ".WAV") for file in good]
    return list(dict.fromkeys(good + more))


contents = st.sampled_from(["sound", "sound", "sound", "sound", "", "<html>"])


@pytest.mark.parametrize("name", GOOD)
@settings(quick, max_examples=30)
@given(data=st.data())
def test_a_tree_is_read_completely_or_rejected(sounds, name, data):
    with tempfile.TemporaryDirectory() as root:
        for seed, file in enumerate(data.draw(trees(name))):
            content = data.draw(contents)
            content = sounds(seed) if content == "sound" else content.encode()
            write(root, file, content)
        table, said = reading(name, root)
        if table is None:
            assert len(said) > 40 and "Received" in said, said
            return
        read = {Path(file) for file in table.file}
        there = {f for f in folders.files_below(Path(root)) if folders.is_audio(f)}
        wavs = Path(root, "AudioWAV")
        # Some corpora read only certain folders or extensions.
        is_expected = {
            "crema_d": lambda file: not wavs.is_dir() or wavs in file.parents,
            "emodb": lambda file: file.parent in {other.parent for other in read},
            "librispeech": lambda file: file.suffix == ".flac",
            "ravdess": lambda file: file.parent.name.startswith("Actor_"),
        }.get(name, lambda file: True)
        assert read == {file for file in there if is_expected(file)}
        assert len(table) == len(read)
        labels = LABELS if corpora.CORPORA[name].counts else {}
        for file, emotion in zip(table.file, table.emotion, strict=True):
            assert emotion == labels.get(Path(file).stem.removeprefix("DC_"), "")


@quick
@given(
    st.lists(
        st.tuples(
            st.lists(
                st.sampled_from(
                    [*filter(None, MEANING), "wroth", "A", "W", "1", "train"]
                ),
                max_size=2,
            ),
            st.sampled_from(["1_a.wav", "2_b.wav", "3_c.flac", "d.wav", "e.txt"]),
        ),
        unique_by=lambda drawn: "/".join([*drawn[0], drawn[1]]),
        max_size=4,
    )
)
def test_folders_of_emotions_are_read_completely_or_rejected(sounds, drawn):
    with tempfile.TemporaryDirectory() as root:
        for seed, (parts, file) in enumerate(drawn):
            write(root, "/".join([*parts, file]), sounds(seed))
        table, said = reading("folder", root, speaker=r"(\d)_")
        if table is None:
            assert is_a_message(said, root), said
            return
        there = [f for f in folders.files_below(Path(root)) if folders.is_audio(f)]
        assert list(map(Path, table.file)) == there
        for file, emotion in zip(there, table.emotion, strict=True):
            parts = set(file.relative_to(root).parts[:-1])
            known = {**MEANING, "W": "anger", "A": "fear"}
            assert emotion in {known[part] for part in parts if part in known}


@quick
@given(data=st.data())
def test_labels_of_iemocap_are_read_completely_or_rejected(sounds, data):
    """Lines of a label file are dropped, duplicated, truncated or changed."""
    turns = {"Ses01F_impro01_F000": "ang", "Ses01F_impro01_M000": "xxx"}
    lines = [
        f"[1.0000 - 2.0000]\t{turn}\t{emotion}\t[2.5000, 3.5000, 1.5000]"
        for turn, emotion in turns.items()
    ]
    mangled = []
    for line in lines:
        how = data.draw(st.sampled_from(["", "", "", "drop", "double", "cut", "label"]))
        mangled += {
            "": [line],
            "drop": [],
            "double": [line, line],
            "cut": [line[: data.draw(st.integers(0, len(line)))]],
            "label": [line.replace("ang", data.draw(st.sampled_from(["hap", "joy"])))],
        }[how]
    with tempfile.TemporaryDirectory() as root:
        place = "Session1/dialog/EmoEvaluation/Ses01F_impro01.txt"
        write(root, place, "\n".join(["% head", "", *mangled]).encode())
        for seed, turn in enumerate(turns):
            write(
                root, f"Session1/sentences/wav/Ses01F_impro01/{turn}.wav", sounds(seed)
            )
        table, said = reading("iemocap", root)
        if table is None:
            assert "Received" in said and "Ses01F_impro01" in said, said
            return
        assert len(table) == 2
        label = "happiness" if any("hap" in line for line in mangled) else "anger"
        assert list(table.emotion) == [label, ""]
