import itertools

import numpy as np
import pandas as pd
import pytest
import soundfile

from keras_ser.corpora.synthetic import corpus, kinds, prosody
from keras_ser.corpora.table import COLUMNS, RATINGS, check

SMALL = {"speakers": 4, "sentences": 4, "progress": False}
TINY = {"speakers": 2, "sentences": 1, "progress": False}


def probe(table, features=None):
    """Linear probe of a corpus with one speaker left out.

    Args:
        table: a table.
        features: `(utterances, dimensions)`, by default the mean log-mel vectors.

    Returns:
        Recall of each emotion, sorted by name. Their mean is the pooled unweighted
        average recall (UAR).
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import recall_score
    from sklearn.model_selection import LeaveOneGroupOut, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    features = mean_log_mel(table) if features is None else features
    truth, groups = table.emotion.to_numpy(), table.speaker.to_numpy()
    model = make_pipeline(StandardScaler(), LogisticRegression(C=1, max_iter=2000))
    guess = cross_val_predict(
        model, features, truth, groups=groups, cv=LeaveOneGroupOut()
    )
    return recall_score(truth, guess, average=None)


def mean_log_mel(table):
    """`(utterances, 128)`: 40 ms Hamming windows, 10 ms apart, up to 6.8 kHz."""
    import librosa

    bank = librosa.filters.mel(sr=16000, n_fft=1024, n_mels=128, fmax=6800)
    vectors = []
    for file in table.file:
        wave, _ = soundfile.read(file, dtype="float32")
        frames = librosa.stft(
            wave, n_fft=1024, win_length=640, hop_length=160, window="hamming"
        )
        energies = np.maximum(bank @ np.abs(frames) ** 2, 1e-10)
        vectors.append(np.log(energies).mean(axis=1))
    return np.stack(vectors)


def pitch(wave, low=70, high=400):
    """Median F0 in Hz by autocorrelation of the voiced 40 ms windows."""
    windows = np.lib.stride_tricks.sliding_window_view(wave, 640)[::320]
    windows = windows[windows.std(axis=1) > 0.5 * wave.std()]
    lags = autocorrelation(windows * np.hanning(640)) / autocorrelation(np.hanning(640))
    first, last = 16000 // high, 16000 // low
    best = first + lags[:, first:last].argmax(axis=1)
    voiced = np.take_along_axis(lags, best[:, None], axis=1)[:, 0] > 0.6 * lags[:, 0]
    return np.median(16000 / best[voiced])


def autocorrelation(windows):
    """At lags below 320 samples."""
    return np.fft.irfft(np.abs(np.fft.rfft(windows, 1280)) ** 2)[..., :320]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("corpora")


@pytest.fixture(scope="module")
def table(root):
    return corpus.read(root, **SMALL)


def bytes_of(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder): path.read_bytes() for path in files}


def test_the_table_keeps_the_contract(table):
    assert list(table.columns) == list(COLUMNS)
    check(table)
    assert len(table) == 4 * 4 * 4
    assert table.start.isna().all() and table.end.isna().all()
    assert (table.source == table.utterance).all()
    assert table.digest.eq("").all() and table.session.eq("").all()
    assert set(table.gender) == {"female", "male"}
    assert table.groupby(["speaker", "emotion"]).size().eq(4).all()
    assert table[["activation", "valence"]].stack().between(1, 5).all()
    row = table.set_index("utterance").loc["synthetic/s03/anger-04"]
    assert row.speaker == "synthetic/s03" and row.language == "syn-a"


def test_files_are_speech_without_clipping(table):
    for file, duration in zip(table.file, table.duration, strict=True):
        info = soundfile.info(file)
        assert (info.samplerate, info.channels, info.subtype) == (16000, 1, "PCM_16")
        assert info.frames / 16000 == duration
        wave, _ = soundfile.read(file)
        assert 0.01 < np.abs(wave).max() < 0.99
        assert wave.std() > 0.002
    assert 1.8 < table.duration.mean() < 2.4
    assert table.duration.between(1.0, 3.5).all()


def test_equal_arguments_give_equal_bytes(tmp_path, root, table):
    again = corpus.generate(tmp_path / "again", **TINY)
    once_more = corpus.generate(tmp_path / "more", **TINY)
    assert bytes_of(again) == bytes_of(once_more)


def test_several_processes_write_the_same_bytes(tmp_path, monkeypatch):
    alone = corpus.generate(tmp_path / "alone", **TINY)
    monkeypatch.setattr(corpus, "MIN_PARALLEL", 1)
    together = corpus.generate(tmp_path / "together", **TINY)
    assert bytes_of(alone) == bytes_of(together)


def test_a_small_corpus_is_part_of_a_large_one(tmp_path, table):
    small = corpus.read(tmp_path, **TINY)
    large = table.set_index("utterance").file
    for utterance, file in zip(small.utterance, small.file, strict=True):
        with open(file, "rb") as ours, open(large[utterance], "rb") as theirs:
            assert ours.read() == theirs.read()


def test_an_utterance_alone_is_the_one_in_the_corpus(table):
    row = table.iloc[7]
    _, speaker, take = row.utterance.split("/")
    emotion, number = take.split("-")
    wave = corpus.synthesise_utterance(speaker, emotion, int(number))
    assert wave.dtype == np.float32
    stored, _ = soundfile.read(row.file)
    np.testing.assert_allclose(wave, stored, atol=2**-15)


def test_another_seed_is_another_corpus():
    waves = [
        corpus.synthesise_utterance("s01", "anger", 1, seed=seed) for seed in (0, 1)
    ]
    assert len(waves[0]) != len(waves[1]) or not np.array_equal(*waves)


@pytest.mark.parametrize(
    "arguments, seconds, level",
    [
        (("s01", "anger", 1, "syn-a"), 1.49, -26.34),
        (("s02", "sadness", 2, "syn-a"), 2.235, -30.28),
        (("t02", "happiness", 3, "syn-b"), 2.0, -19.68),
    ],
)
def test_version_1_is_frozen(arguments, seconds, level):
    wave = corpus.synthesise_utterance(*arguments)
    assert corpus.VERSION == "1"
    assert len(wave) / 16000 == pytest.approx(seconds)
    assert 20 * np.log10(wave.std()) == pytest.approx(level, abs=0.01)


@pytest.mark.parametrize("speaker, low, high", [("s01", 80, 180), ("s02", 150, 320)])
def test_pitch_orders_the_emotions(speaker, low, high):
    mean = {
        emotion: np.mean(
            [
                pitch(corpus.synthesise_utterance(speaker, emotion, n))
                for n in range(1, 7)
            ]
        )
        for emotion in corpus.EMOTIONS
    }
    assert min(mean["anger"], mean["happiness"]) > mean["neutral"] > mean["sadness"]
    assert all(low < value < high for value in mean.values())


def test_tempo_orders_the_emotions():
    rng = np.random.default_rng(0)
    tempo = {
        emotion: np.mean(
            [
                prosody.act(speaker, emotion, rng).cues["tempo"]
                for speaker in (
                    prosody.make_speaker(f"s{n:02d}", "syn-a", 0) for n in range(1, 11)
                )
                for _ in range(12)
            ]
        )
        for emotion in corpus.EMOTIONS
    }
    assert tempo["anger"] > tempo["neutral"] > tempo["sadness"]


def test_sad_sentences_last_longer_than_angry_ones(table):
    seconds = table.groupby("emotion").duration.mean()
    assert seconds["sadness"] > seconds["neutral"] > seconds["anger"]


def test_speakers_are_disjoint(tmp_path, table):
    others = [
        kinds.read_unlabelled(tmp_path, **TINY),
        corpus.read(tmp_path, "syn-b", **TINY),
        kinds.read_unlabelled(tmp_path, language="syn-b", **TINY),
    ]
    for one, other in itertools.combinations([table, *others], 2):
        assert not set(one.speaker) & set(other.speaker)
    check(pd.concat([table, *others], ignore_index=True))


def test_unlabelled_speech_reveals_no_emotion(tmp_path):
    table = kinds.read_unlabelled(tmp_path, speakers=2, sentences=3, progress=False)
    assert len(table) == 6
    assert table.emotion.eq("").all()
    assert table[list(RATINGS)].isna().all(axis=None)
    assert not any(e in u for e in corpus.EMOTIONS for u in table.utterance)


def test_a_folder_that_was_written_before_dominance_is_read(tmp_path):
    table = corpus.read(tmp_path, **TINY)
    path = corpus.generate(tmp_path, **TINY) / "table.csv"
    lines = path.read_text().splitlines()
    assert lines[0].endswith(",dominance")
    path.write_text("\n".join(line.rpartition(",")[0] for line in lines) + "\n")
    again = corpus.read(tmp_path, **TINY)
    pd.testing.assert_frame_equal(again, table)
    assert again.dominance.isna().all() and again.dominance.dtype == "float64"


def test_an_interrupted_generation_leaves_nothing(tmp_path, monkeypatch):
    written, write = [], soundfile.write

    def interrupt(*arguments, **keywords):
        if len(written) == 3:
            raise KeyboardInterrupt
        written.append(arguments)
        write(*arguments, **keywords)

    monkeypatch.setattr(corpus.soundfile, "write", interrupt)
    with pytest.raises(KeyboardInterrupt):
        corpus.generate(tmp_path, **TINY)
    assert len(written) == 3 and list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    assert len(corpus.read(tmp_path, **TINY)) == 8


def test_a_second_generator_keeps_the_first_ones_folder(tmp_path):
    folder = corpus.generate(tmp_path, **TINY)
    late = tmp_path / "late.partial"
    late.mkdir()
    (late / "table.csv").write_text("")
    corpus._publish(late, folder)
    assert (folder / "table.csv").read_text() != ""


def test_another_version_is_generated_again(tmp_path, monkeypatch):
    corpus.generate(tmp_path, **TINY)
    monkeypatch.setattr(corpus, "VERSION", "next")
    corpus.generate(tmp_path, **TINY)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_renamed_folder_of_another_version_is_rejected(tmp_path, monkeypatch):
    old = corpus.generate(tmp_path, **TINY)
    monkeypatch.setattr(corpus, "VERSION", "next")
    old.rename(old.with_name(old.name.replace("-1-", "-next-")))
    with pytest.raises(ValueError, match="Expected: .*next.*Received: .*'1'.*Delete"):
        corpus.read(tmp_path, **TINY)


@pytest.mark.parametrize("damage", ["remove", "cut"])
def test_a_damaged_folder_is_rejected(tmp_path, damage):
    file = sorted(corpus.generate(tmp_path, **TINY).rglob("*.wav"))[2]
    if damage == "remove":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(FileNotFoundError, match=f"damaged.*{file.name}.*Delete"):
        corpus.read(tmp_path, **TINY)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"language": "eng"}, "`language`.*Received: 'eng'"),
        ({"speakers": 0}, "1 to 99. Received: speakers=0"),
        ({"sentences": 100}, "sentences=100"),
    ],
)
def test_impossible_corpora_are_rejected(tmp_path, arguments, message):
    with pytest.raises(ValueError, match=message):
        corpus.read(tmp_path, **arguments)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("x01", "anger", 1), "`speaker`.*Received: 'x01'"),
        (("s", "anger", 1), "`speaker`.*Received: 's'"),
        (("s01", "rage", 1), "`emotion`.*Received: 'rage'"),
        (("s01", "anger", 1, "eng"), "`language`.*Received: 'eng'"),
    ],
)
def test_impossible_utterances_are_rejected(arguments, message):
    with pytest.raises(ValueError, match=message):
        corpus.synthesise_utterance(*arguments)


def test_the_probe_is_above_chance_and_below_certainty(table):
    recalls = probe(table)
    assert 0.40 < recalls.mean() < 0.95


@pytest.mark.slow
@pytest.mark.parametrize("language, expected", [("syn-a", 71.7), ("syn-b", 65.0)])
def test_the_difficulty_is_the_frozen_one(tmp_path, language, expected):
    table = corpus.read(tmp_path, language, progress=False)
    recalls = 100 * probe(table)
    assert 60 <= recalls.mean() <= 80
    assert recalls.mean() == pytest.approx(expected, abs=2)
    assert recalls.max() < 95
    length = 100 * probe(table, table[["duration"]].to_numpy())
    assert length.mean() < 40
