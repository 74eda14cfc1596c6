"""EMO-DB on a toy folder in its layout, and on the corpus itself."""

import pytest
import soundfile

from keras_ser import corpora
from keras_ser.corpora.readers import emodb

NAMES = ["03a01Fa", "03a01Wa", "08b10Nc", "16a05Tb", "12a07Ab", "09b03Ld", "11a04Ec"]


@pytest.fixture
def root(tmp_path, write_audio, noise):
    for number, name in enumerate(NAMES):
        write_audio(f"emodb/wav/{name}.wav", noise(0.1, seed=number))
    return tmp_path / "emodb"


@pytest.fixture
def table(root):
    with pytest.warns(UserWarning, match="known releases"):
        return emodb.read(root).set_index("utterance", drop=False)


@pytest.mark.parametrize(
    ("utterance", "speaker", "gender", "emotion"),
    [
        ("emodb/03a01Fa", "emodb/03", "male", "happiness"),
        ("emodb/03a01Wa", "emodb/03", "male", "anger"),
        ("emodb/08b10Nc", "emodb/08", "female", "neutral"),
        ("emodb/16a05Tb", "emodb/16", "female", "sadness"),
        ("emodb/12a07Ab", "emodb/12", "male", "fear"),
        ("emodb/09b03Ld", "emodb/09", "female", "boredom"),
        ("emodb/11a04Ec", "emodb/11", "male", "disgust"),
    ],
)
def test_a_name_gives_speaker_gender_and_emotion(
    table, utterance, speaker, gender, emotion
):
    row = table.loc[utterance]
    assert (row.speaker, row.gender, row.emotion) == (speaker, gender, emotion)
    assert (row.corpus, row.language, row.session) == ("emodb", "deu", "")
    assert row.duration == pytest.approx(0.1)


def test_rows_come_in_the_order_of_names(table):
    assert list(table.utterance) == sorted(f"emodb/{name}" for name in NAMES)


def test_the_folder_wav_itself_is_a_root_too(root, table):
    with pytest.warns(UserWarning):
        inside = emodb.read(root / "wav")
    assert list(inside.utterance) == list(table.utterance)
    assert list(inside.file) == list(table.file)


def test_files_of_other_kinds_are_ignored(root, table):
    (root / "wav" / "README.txt").write_text("hello")
    with pytest.warns(UserWarning, match="has 7 files"):
        assert len(emodb.read(root)) == len(table)


def test_other_extensions_are_read_too(root, table):
    wav = root / "wav"
    (wav / "03a01Fa.wav").rename(wav / "03a01Fa.WAV")
    wave, rate = soundfile.read(wav / "08b10Nc.wav", dtype="int16")
    soundfile.write(wav / "08b10Nc.flac", wave, rate)
    (wav / "08b10Nc.wav").unlink()
    (wav / ".03a01Fa.wav").write_text("what an archive of another system leaves")
    with pytest.warns(UserWarning, match="has 7 files"):
        again = emodb.read(root)
    assert list(again.utterance) == list(table.utterance)


def test_a_recording_under_two_extensions_is_rejected(root):
    (root / "wav" / "03a01Fa.WAV").write_bytes(b"")
    with pytest.raises(ValueError) as caught:
        emodb.read(root)
    message = str(caught.value)
    assert "Corpus `emodb` expects each recording once. Received: " in message
    assert "03a01Fa.WAV and 03a01Fa.wav. Keep one" in message


@pytest.mark.parametrize(
    "name", ["3a01Fa", "03a01Xa", "03c01Fa", "03a1Fa", "copy of 03a01Fa", "03a01Fa (1)"]
)
def test_a_wrong_file_name_is_rejected_by_name(root, write_audio, name):
    write_audio(f"emodb/wav/{name}.wav")
    with pytest.raises(ValueError) as caught:
        emodb.read(root)
    message = str(caught.value)
    assert (
        "Corpus `emodb` expects file names that consist of two digits (speaker)"
        in message
    )
    assert (
        f"Received: {name}.wav. Move files that do not belong to the corpus" in message
    )


def test_an_absent_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        emodb.read(tmp_path / "gone")
    message = str(caught.value)
    assert (
        "Corpus `emodb` expects a folder with audio such as wav/03a01Fa.wav" in message
    )
    assert "gone, which is not a folder" in message


@pytest.mark.parametrize("inside", ["emodb", "emodb/wav"])
def test_a_folder_without_wav_files_is_named(tmp_path, inside):
    (tmp_path / inside).mkdir(parents=True)
    with pytest.raises(FileNotFoundError) as caught:
        emodb.read(tmp_path / "emodb")
    message = str(caught.value)
    assert "Corpus `emodb` expects audio files such as 03a01Fa.wav" in message
    assert f"{tmp_path / inside}, which has none" in message


def test_a_damaged_file_is_named(root):
    (root / "wav" / "03a01Fa.wav").write_text("<html>")
    with pytest.raises(ValueError, match="03a01Fa.wav"):
        emodb.read(root)


def test_an_unknown_number_of_files_is_reported(root):
    with pytest.warns(UserWarning) as caught:
        table = emodb.read(root)
    message = str(caught[0].message)
    assert "Corpus `emodb` has 7 files" in message
    assert "EMO-DB of 2005 (535 files) and EMO-DB 2.0 of 2024 (816 files)" in message
    assert table.attrs["release"] == ""


def test_the_other_release_is_named_in_a_warning(root, monkeypatch):
    release = emodb.RELEASES[816]
    monkeypatch.setattr(
        emodb, "RELEASES", {535: emodb.RELEASES[535], len(NAMES): release}
    )
    with pytest.warns(UserWarning) as caught:
        table = emodb.read(root)
    message = str(caught[0].message)
    assert "This is EMO-DB 2.0 of 2024 (816 files)" in message
    assert "not comparable with those on EMO-DB of 2005" in message
    assert table.attrs["release"] == release


def test_the_release_is_kept_after_relabelling(root, monkeypatch):
    monkeypatch.setattr(emodb, "RELEASES", {len(NAMES): "toy", 535: "2005"})
    with pytest.warns(UserWarning):
        table = corpora.read("emodb", root, labels="four")
    assert table.attrs["release"] == "toy"
    assert set(table.emotion) == {"anger", "happiness", "neutral", "sadness"}


def test_genders_and_counts_are_those_of_the_publication():
    assert len(emodb.MALE) == len(emodb.FEMALE) == 5
    assert emodb.MALE.isdisjoint(emodb.FEMALE)
    assert sum(emodb.COUNTS.values()) == 535
    assert set(emodb.COUNTS) == set(emodb.EMOTIONS.values())


def test_an_unknown_speaker_has_no_gender(root, write_audio):
    write_audio("emodb/wav/17a01Fa.wav")
    with pytest.warns(UserWarning):
        table = emodb.read(root)
    assert table.gender[table.speaker == "emodb/17"].tolist() == [""]


@pytest.fixture(scope="module")
def real(corpora_root):
    return emodb.read(corpora_root / "emodb")


@pytest.mark.real_speech
@pytest.mark.filterwarnings("error")
def test_the_corpus_has_the_published_counts(real):
    assert len(real) == 535
    assert real.emotion.value_counts().to_dict() == {
        "anger": 127,
        "boredom": 81,
        "disgust": 46,
        "fear": 69,
        "happiness": 71,
        "neutral": 79,
        "sadness": 62,
    }
    assert real.speaker.nunique() == 10
    assert real.groupby("gender").speaker.nunique().to_dict() == {
        "female": 5,
        "male": 5,
    }
    assert real.digest.is_unique
    assert real.attrs["release"] == "EMO-DB of 2005 (535 files)"


@pytest.mark.real_speech
def test_four_classes_of_the_corpus_have_339_utterances(real):
    with pytest.warns(UserWarning) as caught:
        table = corpora.relabel(real, "four")
    assert table.emotion.value_counts().to_dict() == {
        "anger": 127,
        "happiness": 71,
        "neutral": 79,
        "sadness": 62,
    }
    assert "leaves out 196 of 535 utterances: boredom 81" in str(caught[0].message)
