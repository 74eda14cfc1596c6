"""The contract of every corpus in `CORPORA`. A new corpus is tested automatically."""

import json
import warnings

import numpy as np
import pytest

from keras_ser import corpora
from keras_ser.corpora import CORPORA
from keras_ser.corpora.own import vocabulary
from keras_ser.corpora.table import COLUMNS, Corpus

EMOTIONS = {*vocabulary.EMOTIONS, ""}
TINY = {"speakers": 2, "sentences": 1, "progress": False}
NOISE = {"demand", "noise", "synthetic_noise"}
OWN = {"csv", "emobox", "folder", "huggingface"}


# Audio and texts of a small folder in the corpus's true layout. The tests read the
# folder, or the file in it that `ROOTS` names.
IEMOCAP = {
    f"Session1/dialog/EmoEvaluation/Ses01F_{dialog}.txt": "".join(
        f"[1.0000 - 2.0000]\tSes01F_{dialog}_{turn}\t{emotion}\t[2.5, 3.5, 1.5]\n"
        for turn, emotion in (("F000", "ang"), ("M000", "xxx"))
    )
    for dialog in ("impro01", "script01_1")
}
TOYS = {
    "crema_d": ["AudioWAV/1001_DFA_ANG_XX.wav", "AudioWAV/1002_IEO_SAD_LO.wav"],
    "csv": ["wav/a.wav", "wav/b.wav"],
    "demand": ["DKITCHEN/ch01.wav", "NPARK/ch01.wav"],
    "emobox": ["emodb/03a01Fa.wav", "emodb/08a01Wa.wav"],
    "emodb": ["wav/03a01Fa.wav", "wav/08a01Wa.wav", "wav/08b10Nc.wav"],
    "emovo": ["f1/dis-f1-b1.wav", "m3/gio-m3-n5.wav"],
    "epst": ["cc_001.sph", "gg_001.sph"],
    "folder": ["anger/1_a.wav", "sadness/2_a.wav"],
    "huggingface": ["train/a.wav", "train/b.wav"],
    **dict.fromkeys(
        ("iemocap", "iemocap_improvised", "iemocap_scripted"),
        [
            f"Session1/sentences/wav/Ses01F_{dialog}/Ses01F_{dialog}_{turn}.wav"
            for dialog in ("impro01", "script01_1")
            for turn in ("F000", "M000")
        ],
    ),
    "librispeech": [
        "train-clean-100/103/1240/103-1240-0000.flac",
        "train-clean-100/26/495/26-495-0003.flac",
    ],
    "msp_improv": [
        "session1/S01A/P/MSP-IMPROV-S01A-F01-P-FM01.wav",
        "session2/S01A/P/MSP-IMPROV-S01A-M02-P-FM01.wav",
    ],
    "noise": ["rain/1-17367-A.wav", "rain/1-17367-B.wav"],
    "ravdess": [
        "Actor_01/03-01-01-01-01-01-01.wav",
        "Actor_01/03-01-05-02-02-01-01.wav",
        "Actor_24/03-01-02-01-01-02-24.flac",
    ],
    "savee": ["AudioData/DC/a01.wav", "AudioData/JE/a01.wav"],
    "synthetic": [],
    "synthetic_b": [],
    "synthetic_c": [],
    "synthetic_noise": [],
    "synthetic_unlabelled": [],
    "tess": ["OAF_angry/OAF_back_angry.wav", "OAF_neutral/OA_bite_neutral.wav"],
    "urdu": ["Angry/SM1_F1_A01.wav", "Happy/SF1_F1_H01.wav"],
}
TEXTS = {
    "csv": {"list.csv": "file,speaker,emotion\nwav/a.wav,1,anger\nwav/b.wav,2,\n"},
    "emobox": {
        "emodb.jsonl": "".join(
            json.dumps({"dataset": "emodb", "wav": wav, "emo": "fear"}) + "\n"
            for wav in TOYS["emobox"]
        )
    },
    "epst": {
        "cc_001.txt": "0.0 0.1 A: hot anger, one\n",
        "gg_001.txt": "0.0 0.1 A: shame, one\n",
    },
    "huggingface": {
        "train/metadata.csv": "file_name,label,speaker\na.wav,sad,1\nb.wav,sad,2\n"
    },
    **dict.fromkeys(("iemocap", "iemocap_improvised", "iemocap_scripted"), IEMOCAP),
    "msp_improv": {
        "Evalution.txt": "UTD-IMPROV-S01A-F01-P-FM01.avi; A; A:2.3; V:3.3; D:3.0 ;\n"
        "UTD-IMPROV-S01A-M02-P-FM01.avi; X; A:2.3; V:3.3; D:3.0 ;\n"
    },
}
ROOTS = {"csv": "list.csv", "emobox": "emodb.jsonl"}
OPTIONS = {
    "folder": {"speaker": r"(\d)_"},
    "synthetic": TINY,
    "synthetic_b": TINY,
    "synthetic_c": TINY,
    "synthetic_unlabelled": TINY,
}
GENERATED = {name for name in CORPORA if name.startswith("synthetic")}
FORMATS = {".sph": "NIST", ".flac": "FLAC", ".wav": "WAV"}

every_corpus = pytest.mark.parametrize("name", CORPORA)


@pytest.fixture(scope="module")
def plant_toy(noise):
    """A function that writes the toy folder of a corpus."""
    import soundfile

    def plant(root, name):
        for seed, file in enumerate(TOYS[name]):
            path = root / file
            path.parent.mkdir(parents=True, exist_ok=True)
            form = FORMATS[path.suffix]
            soundfile.write(path, noise(0.1, seed=seed), 16_000, format=form)
        for file, text in TEXTS.get(name, {}).items():
            path = root / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    return plant


@pytest.fixture(scope="module")
def toy(tmp_path_factory, plant_toy):
    """A function that returns the toy table of a corpus."""
    made = {}

    def read(name):
        if name not in made:
            root = tmp_path_factory.mktemp(name)
            plant_toy(root, name)
            with warnings.catch_warnings():
                warnings.filterwarnings(
                    "ignore", "Corpus", UserWarning
                )  # differing counts
                made[name] = corpora.read(
                    name, root / ROOTS.get(name, ""), **OPTIONS.get(name, {})
                )
        return made[name]

    return read


@every_corpus
def test_a_corpus_has_a_toy_folder(name):
    assert name in TOYS, f"add a small folder in the layout of `{name}` to TOYS"


@every_corpus
def test_a_table_has_the_columns_and_their_types(toy, name):
    table = toy(name)
    assert tuple(table.columns) == COLUMNS
    assert corpora.check(table) is table
    numbers = ["start", "end", "duration", "activation", "valence", "dominance"]
    assert len(table) > 1
    assert (table[numbers].dtypes == np.float64).all()
    texts = table.drop(columns=numbers)
    assert texts.map(lambda value: isinstance(value, str)).to_numpy().all()
    assert list(table.index) == list(range(len(table)))


@every_corpus
def test_names_are_unique_and_belong_to_the_corpus(toy, name):
    table = toy(name)
    assert table.utterance.is_unique
    assert table.corpus.nunique() == 1
    prefix = table.corpus + "/"
    for column in ("utterance", "speaker"):
        assert all(map(str.startswith, table[column], prefix))
    assert (table.speaker != prefix).all()


@every_corpus
def test_every_file_exists_and_lasts(toy, name):
    table = toy(name)
    assert (table.duration > 0).all()
    for row in table.itertuples():
        wave = corpora.table.audio.read(row.file, row.start, row.end)
        assert len(wave) == pytest.approx(row.duration * 16_000, abs=1)


@every_corpus
def test_words_belong_to_the_vocabulary(toy, name):
    table = toy(name)
    assert set(table.emotion) <= EMOTIONS
    assert set(table.gender) <= {"female", "male", ""}
    assert set(table.language) == {CORPORA[name].language}


@pytest.mark.parametrize("name", sorted(NOISE))
def test_noise_is_not_speech(toy, name):
    for column in ("emotion", "language", "gender"):
        assert set(toy(name)[column]) == {""}


@every_corpus
def test_speakers_have_one_gender_and_one_session(toy, name):
    known = toy(name).groupby("speaker")[["gender", "session"]].nunique()
    assert (known.to_numpy() == 1).all()


@every_corpus
def test_an_entry_says_what_a_user_must_know(name):
    corpus = CORPORA[name]
    assert isinstance(corpus, Corpus)
    for field in ("title", "licence", "citation", "obtain", "speakers"):
        assert getattr(corpus, field)
    assert bool(corpus.language) == (name not in NOISE | OWN)
    assert set(corpus.counts) <= EMOTIONS
    assert all(count > 0 for count in corpus.counts.values())


@every_corpus
def test_emotions_are_those_with_published_counts(toy, name):
    counts = CORPORA[name].counts
    assert not counts or set(toy(name).emotion) <= set(counts)


@every_corpus
def test_a_file_is_not_a_root(tmp_path, name):
    file = tmp_path / "file"
    file.write_text("no folder")
    with pytest.raises((FileNotFoundError, ValueError, NotADirectoryError)) as caught:
        corpora.read(name, file)
    assert str(file) in str(caught.value)


@pytest.mark.parametrize("name", sorted(set(CORPORA) - GENERATED))
@pytest.mark.parametrize("inside", ["", "gone", "other"])
def test_a_wrong_root_is_a_clear_error(tmp_path, name, inside):
    (tmp_path / "other" / "files").mkdir(parents=True)
    (tmp_path / "other" / "files" / "notes.txt").write_text("hello")
    with pytest.raises(FileNotFoundError) as caught:
        corpora.read(name, tmp_path / inside)
    message = str(caught.value)
    assert f"Corpus `{name}` expects" in message
    assert f"Received: {tmp_path / inside}" in message


@pytest.mark.parametrize("name", sorted(set(CORPORA) - GENERATED))
@pytest.mark.parametrize("suffix", [".m4a", ".amr"])
def test_a_format_that_is_not_read_is_named_and_not_left_out(
    tmp_path, plant_toy, name, suffix
):
    first = tmp_path / TOYS[name][-1 if name == "iemocap_scripted" else 0]
    plant_toy(tmp_path, name)
    first.unlink()
    first.with_suffix(suffix).write_bytes(b"\0\0\0\x20ftypM4A " + bytes(99))
    for file, text in TEXTS.get(name, {}).items():
        changed = text.replace(first.name, first.with_suffix(suffix).name)
        (tmp_path / file).write_text(changed)
    with pytest.raises(ValueError) as caught:
        corpora.read(name, tmp_path / ROOTS.get(name, ""), **OPTIONS.get(name, {}))
    assert f"ffmpeg -i {first.stem}{suffix} {first.stem}.wav" in str(caught.value)


@pytest.mark.parametrize("name", sorted(set(CORPORA) - GENERATED))
@pytest.mark.parametrize("kind", ["git lfs pull", "git annex get", "dvc pull"])
def test_audio_that_was_not_fetched_is_named(tmp_path, plant_toy, name, kind):
    plant_toy(tmp_path, name)
    for toy_file in TOYS[name]:
        file = tmp_path / toy_file
        file.unlink()
        if kind == "git lfs pull":
            file.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0")
        elif kind == "git annex get":
            file.symlink_to(f"../.git/annex/objects/aa/bb/{file.name}")
        else:
            file.with_name(f"{file.name}.dvc").write_text("outs:\n- md5: 0\n")
    with pytest.raises((ValueError, FileNotFoundError), match=kind):
        corpora.read(name, tmp_path / ROOTS.get(name, ""), **OPTIONS.get(name, {}))
