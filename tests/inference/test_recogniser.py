"""Audio files of any kind in, one row of probabilities per file or window out."""

import os
import re
import shutil

import keras
import numpy as np
import pandas as pd
import pytest
import soundfile
from keras.ops import convert_to_numpy

from keras_ser import inference
from keras_ser.audio.unusable import UnusableAudio
from keras_ser.cli import main as cli
from keras_ser.features import moments
from keras_ser.features.familiarity import Familiarity
from keras_ser.inference.recogniser import BATCHES_HELD

CLASSES = ("anger", "neutral", "sadness")
BANDS = 16


@pytest.fixture(scope="module")
def recogniser(new_recogniser):
    return new_recogniser(CLASSES, BANDS)


@pytest.fixture(scope="module")
def model_file(recogniser, tmp_path_factory):
    return recogniser.save(tmp_path_factory.mktemp("run") / "model.keras")


def probabilities(table):
    return table[[f"p_{name}" for name in CLASSES]].to_numpy()


def test_one_row_per_file(recogniser, write_audio, noise):
    files = [
        write_audio("one.wav", noise(0.7)),
        write_audio("two.flac", noise(2.3, seed=1)),
    ]
    table = recogniser.predict(files)
    assert table.file.tolist() == [str(file) for file in files]
    np.testing.assert_allclose(table.end - table.start, [0.7, 2.3], atol=0.011)
    np.testing.assert_allclose(probabilities(table).sum(axis=1), 1, rtol=1e-5)
    best = np.array(CLASSES)[probabilities(table).argmax(axis=1)]
    assert table.prediction.tolist() == best.tolist()


def test_windows_carry_time_stamps_and_cover_the_file(recogniser, write_audio, noise):
    file = write_audio("long.wav", noise(2.35))
    table = recogniser.predict([file], window=1.0, hop=0.5)
    np.testing.assert_allclose(table.start, [0, 0.5, 1.0, 1.5], atol=1e-6)
    np.testing.assert_allclose(table.end, [1.0, 1.5, 2.0, 2.35], atol=1e-6)


def test_a_hop_may_leave_gaps(recogniser, write_audio, noise):
    file = write_audio("long.wav", noise(3.5))
    table = recogniser.predict([file], window=1.0, hop=2.0)
    np.testing.assert_allclose(table.start, [0, 2.0], atol=1e-6)
    np.testing.assert_allclose(table.end, [1.0, 3.0], atol=1e-6)


@pytest.mark.parametrize(
    ("seconds", "arguments", "expected"),
    [
        (3.0, {"window": 1.0}, [(0, 1), (1, 2), (2, 3)]),
        (3.0, {"window": 3.0, "hop": 1.0}, [(0, 3)]),
        (3.0, {"window": 5}, [(0, 3)]),
        (3.0001, {"window": 1.0}, [(0, 1), (1, 2), (2, 3.000125)]),
        (
            1.2,
            {"window": 0.5, "hop": 0.3},
            [(0, 0.5), (0.3, 0.8), (0.6, 1.1), (0.9, 1.2)],
        ),
    ],
)
def test_windows_end_with_the_sound(
    recogniser, write_audio, noise, seconds, arguments, expected
):
    table = recogniser.predict(write_audio("a.wav", noise(seconds)), **arguments)
    assert list(zip(table.start, table.end, strict=True)) == expected


def test_windows_are_those_of_the_features(recogniser, write_audio, noise):
    """The last window has all that is left, and a single window is the whole file."""
    files = [write_audio("a.wav", noise(2.0)), write_audio("b.wav", noise(0.5, seed=1))]
    table = recogniser.predict(files, window=0.5)
    features = [
        recogniser.preprocessing.normalised(recogniser.features(f)) for f in files
    ]
    pieces = [features[0][first : first + 50] for first in (0, 50, 100)]
    pieces += [features[0][150:], features[1]]
    np.testing.assert_allclose(
        probabilities(table), recogniser.posteriors(pieces), atol=1e-6
    )
    assert table.file.tolist() == [str(files[0])] * 4 + [str(files[1])]
    alone = recogniser.predict(files[1])
    np.testing.assert_allclose(
        probabilities(table)[-1:], probabilities(alone), atol=1e-6
    )


def test_few_windows_are_made_at_a_time(
    new_recogniser, write_audio, noise, monkeypatch
):
    made = new_recogniser(CLASSES, BANDS)
    file = write_audio("a.wav", noise(3.0))
    expected = made.predict(file, window=0.2, hop=0.05)
    made.batch, counts = 2, []
    forward = made._forward

    def record(pieces, *others):
        counts.append(len(pieces))
        return forward(pieces, *others)

    monkeypatch.setattr(made, "_forward", record)
    found = made.predict(file, window=0.2, hop=0.05)
    assert max(counts) == 2 * BATCHES_HELD and sum(counts) == len(found) == 57
    np.testing.assert_allclose(probabilities(found), probabilities(expected), atol=1e-5)


def test_a_model_that_sees_the_padding_gets_that_of_its_training(new_recogniser, rng):
    made = new_recogniser(CLASSES, BANDS, mask_padding=False)
    features = rng.normal(size=(70, BANDS)).astype("float32")
    padded = np.zeros((1, 100, BANDS), "float32")
    padded[0, :70] = features
    expected = convert_to_numpy(made.model.emotion_model(padded))
    np.testing.assert_allclose(made.posteriors([features]), expected, atol=1e-5)


def test_a_window_is_predicted_as_a_file_of_its_own(recogniser, rng):
    whole = rng.normal(size=(90, BANDS)).astype("float32")
    alone = recogniser.posteriors([whole[20:60]])
    together = recogniser.posteriors([whole, whole[20:60], whole[:7]])
    np.testing.assert_allclose(alone[0], together[1], atol=1e-5)


@pytest.mark.parametrize(
    ("frames", "shapes"),
    [
        ([300] * 17, [(9, 320), (9, 320)]),  # neither 16 rows and 1 row, nor 512 frames
        ([10] * 16 + [700] * 16, [(16, 64), (16, 704)]),
        ([257], [(1, 320)]),
    ],
)
def test_batches_hold_little_but_speech(new_recogniser, frames, shapes):
    made, seen = new_recogniser(CLASSES, BANDS, seconds=8.0), []

    def record(model, batch, rows):
        seen.append((batch.shape[:2], len(rows)))
        return batch

    made.posteriors([np.ones((count, BANDS), "float32") for count in frames], record)
    assert seen == [(shape, shape[0]) for shape in shapes]


def test_long_speech_is_the_mean_of_covering_windows(recogniser, rng):
    features = rng.normal(size=(230, BANDS)).astype("float32")
    starts = [0, 65, 130]
    windows = [features[start : start + 100] for start in starts]
    expected = recogniser.posteriors(windows).mean(axis=0)
    np.testing.assert_allclose(
        recogniser.posteriors([features])[0], expected, atol=1e-6
    )


@pytest.mark.parametrize(
    ("rate", "channels", "name"),
    [(8_000, 1, "a.wav"), (44_100, 2, "a.ogg"), (96_000, 2, "a.flac")],
)
def test_any_rate_channels_and_format(
    recogniser, write_audio, tone, rate, channels, name
):
    wave = tone(300.0, 1.0, rate)
    file = write_audio(name, np.stack([wave] * channels, axis=1), rate)
    reference = write_audio("reference.wav", tone(300.0, 1.0))
    table = recogniser.predict([file, reference])
    assert np.abs(np.diff(probabilities(table), axis=0)).max() < 0.1
    assert table.end[0] == pytest.approx(1.0, abs=0.02)


def test_speaker_normalisation_takes_the_files_statistics(
    new_recogniser, write_audio, noise
):
    made = new_recogniser(CLASSES, BANDS, normalise="speaker")
    loud = write_audio("loud.wav", noise(0.8))
    soft = write_audio("soft.wav", 0.1 * noise(0.8))
    one, other = made.predict([loud]), made.predict([soft])
    np.testing.assert_allclose(probabilities(one), probabilities(other), atol=0.02)


def test_by_utterance_windows_take_the_statistics_of_the_file(
    new_recogniser, write_audio, noise
):
    made = new_recogniser(CLASSES, BANDS, normalise="utterance")
    loud, soft = noise(1.0), 0.05 * noise(1.0, seed=1)
    whole = write_audio("whole.wav", np.concatenate([loud, soft]), subtype="FLOAT")
    table = made.predict([whole], window=1.0)
    features = made.preprocessing.normalised(made.features(whole))
    pieces = [features[:100], features[100:]]
    np.testing.assert_allclose(probabilities(table), made.posteriors(pieces), rtol=1e-5)
    # The second window by itself would be as loud as the first one by itself.
    alone = made.predict([write_audio("soft.wav", soft, subtype="FLOAT")])
    assert np.abs(probabilities(table)[1] - probabilities(alone)).max() > 0.001
    # Each file has statistics of its own.
    again = made.predict([write_audio("other.wav", 0.1 * loud), whole], window=1.0)
    np.testing.assert_allclose(  # a batch of another size may round differently
        probabilities(again)[-len(table) :], probabilities(table), rtol=1e-6
    )


def test_bad_input_is_named(recogniser, tmp_path, write_audio):
    file = write_audio("a.wav")
    windows = (-1.0, float("nan"), 1e300)
    for arguments in (*({"window": w} for w in windows), {"window": 1.0, "hop": 0.0}):
        with pytest.raises(ValueError, match="must be positive"):
            recogniser.predict([file], **arguments)
    for arguments in ({"window": 0.009}, {"window": 1.0, "hop": 1e-3}):
        with pytest.raises(ValueError, match="must be at least 0.01 s"):
            recogniser.predict([file], **arguments)
    with pytest.raises(ValueError, match="`hop` needs a `window`"):
        recogniser.predict([file], hop=1.0)
    with pytest.raises(UnusableAudio, match="gone.wav, which does not exist"):
        recogniser.predict([tmp_path / "gone.wav"])
    with pytest.raises(ValueError, match="at least one audio file"):
        recogniser.predict([])


@pytest.mark.parametrize(
    ("windows", "rows"),
    [({}, 2), ({"window": 1.0}, 4), ({"window": 1.0, "hop": 0.5}, 5)],
)
def test_predict_equals_the_recogniser_of_a_file_or_run_folder(
    recogniser, model_file, write_audio, noise, windows, rows
):
    files = [write_audio("one.wav", noise(0.7)), write_audio("two.wav", noise(2.3))]
    expected = recogniser.predict(files, **windows)
    assert len(expected) == rows
    for model in (model_file, model_file.parent, str(model_file)):
        found = inference.predict(model, map(str, files), **windows)
        assert found.equals(expected)
    one = inference.predict(model_file, str(files[0]))  # a text is one file
    assert one.file.tolist() == [str(files[0])]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"model": "absent"}, FileNotFoundError, "run folder or a model.*absent"),
        ({"audio": []}, ValueError, "at least one audio file"),
        ({"audio": ["gone.wav"]}, UnusableAudio, "gone.wav, which does not exist"),
        ({"window": -1.0}, ValueError, "must be positive.*window=-1.0"),
        ({"hop": 1.0}, ValueError, "`hop` needs a `window`"),
    ],
)
def test_predict_names_bad_input(model_file, write_audio, arguments, error, words):
    good = {"model": model_file, "audio": [write_audio("a.wav")]}
    with pytest.raises(error, match=words):
        inference.predict(**good | arguments)


def test_predict_names_all_bad_files(model_file, write_audio, tmp_path):
    text = tmp_path / "text.wav"
    text.write_text("no audio")
    files = [write_audio("good.wav"), text, tmp_path / "gone.wav"]
    with pytest.raises(UnusableAudio) as caught:
        inference.predict(model_file, files)
    assert [each.file for each in caught.value.found] == [str(f) for f in files[1:]]


@pytest.mark.parametrize("normalise", ["train", "speaker", "utterance"])
@pytest.mark.parametrize("window", [None, 0.5])
def test_bad_files_may_be_skipped(
    new_recogniser, write_audio, noise, tmp_path, normalise, window
):
    recogniser = new_recogniser(normalise=normalise)
    (tmp_path / "text.wav").write_text("no audio")
    good = [write_audio(f"{seed}.wav", noise(1.2, seed=seed)) for seed in range(2)]
    given = [good[0], tmp_path / "text.wav", good[1], tmp_path / "gone.wav"]
    table = recogniser.predict(given, window, skip_bad=True)
    alone = recogniser.predict(good, window)
    pd.testing.assert_frame_equal(table, alone, check_flags=False)
    assert list(table.attrs["skipped"]) == [str(given[1]), str(given[3])]
    assert "does not exist" in table.attrs["skipped"][str(given[3])]
    none = recogniser.predict(given[1::2], window, skip_bad=True)
    assert none.empty and list(none) == list(table)


def test_a_file_that_ends_badly_leaves_no_rows(recogniser, write_audio, noise):
    whole = write_audio("whole.wav", noise(3.0))
    cut = whole.with_name("cut.wav")
    cut.write_bytes(whole.read_bytes()[:-30_000])
    table = recogniser.predict([cut, whole], window=0.5, skip_bad=True)
    assert set(table.file) == {str(whole)} and list(table.attrs["skipped"]) == [
        str(cut)
    ]


def test_a_folder_stands_for_its_audio(recogniser, write_audio, noise, tmp_path):
    files = [write_audio(f"in/{n}/a.wav", noise(0.5, seed=n)) for n in range(2)]
    (tmp_path / "in" / "notes.txt").write_text("x")
    table = recogniser.predict(tmp_path / "in")
    assert table.file.tolist() == [str(file) for file in files]
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="a folder without any"):
        recogniser.predict(tmp_path / "empty")


@pytest.mark.parametrize("rate", [8000, np.int64(16_000), 44_100.0])
@pytest.mark.parametrize("channels", [1, 2])
def test_samples_are_read_like_a_file(recogniser, tmp_path, rng, rate, channels):
    wave = rng.normal(0, 0.1, (int(rate), channels)).astype("float32")
    path = tmp_path / "a.wav"
    soundfile.write(path, wave, int(rate), subtype="FLOAT")
    expected = recogniser.predict(path)
    given = wave[:, 0] if channels == 1 else wave
    table = recogniser.predict(given, rate=rate)
    np.testing.assert_array_equal(probabilities(table), probabilities(expected))
    assert table.file.tolist() == ["array"]


@pytest.mark.parametrize(
    ("given", "rate", "words"),
    [
        (np.zeros(9, "float32"), None, "needs its `rate`"),
        (np.zeros(9, "float32"), -1, "needs its `rate`"),
        (np.zeros(9, "float32"), np.inf, "needs its `rate`"),
        (np.zeros(9, "float32"), 22_050.5, "needs its `rate`"),
        (np.zeros(9, "float32"), 10**10, "from 1000 to 768000"),
        (np.zeros(9, "float32"), True, "needs its `rate`"),
        (np.zeros((2, 999), "float32"), 16_000, "Transpose the array"),
        (np.zeros(9, "int16"), 16_000, "int16 of shape .9,."),
        (np.zeros((1, 9, 2)), 16_000, "float64 of shape .1, 9, 2."),
        ("a.wav", 16_000, "`rate` is for an array"),
    ],
)
def test_samples_need_a_rate_and_a_form(recogniser, given, rate, words):
    with pytest.raises(ValueError, match=words):
        recogniser.predict(given, rate=rate)


def test_labels_that_come_into_question(recogniser, write_audio, noise):
    file = write_audio("a.wav", noise(1.0))
    every = recogniser.predict(file)
    table = recogniser.predict(file, labels=("sadness", "anger"))
    names = ["p_anger", "p_sadness"]
    assert [name for name in table if name.startswith("p_")] == names
    expected = every[names].to_numpy() / every[names].sum(axis=1).to_numpy()[:, None]
    np.testing.assert_allclose(table[names], expected)
    best = np.array(["anger", "sadness"])[expected.argmax(axis=1)]
    assert table.prediction.tolist() == best.tolist()


@pytest.mark.parametrize("labels", [["anger"], ["anger", "joy"], "anger"])
def test_labels_must_be_classes(recogniser, labels):
    with pytest.raises(ValueError, match="two or more of the classes of the model"):
        recogniser.predict("a.wav", labels=labels)


def test_impossible_labels_are_equally_likely():
    table = pd.DataFrame(
        {"prediction": ["c"], "p_a": [0.0], "p_b": [0.0], "p_c": [1.0]}
    )
    found = inference.inputs.restricted(table, ["a", "b"])
    assert found[["p_a", "p_b"]].to_numpy().tolist() == [[0.5, 0.5]]


def test_files_unlike_the_training_speech_are_named(
    recogniser, write_audio, noise, tmp_path, rng
):
    """The training speech is noise; other levels are other features."""
    near = [write_audio(f"{n}.wav", 0.1 * noise(0.5, seed=n)) for n in range(25)]
    sums = [moments.sums(recogniser.features(each)) for each in near]
    familiar = Familiarity.fit(sums, sums)
    knowing = inference.Recogniser(
        recogniser.model, recogniser.preprocessing, familiar=familiar
    )
    far = [write_audio(f"far{n}.wav", 1e-3 * noise(2.0, seed=n)) for n in range(2)]
    path = knowing.save(tmp_path / "model.keras")
    for each in (knowing, inference.load(path)):
        table = each.predict([*near[:5], *far])
        assert [*table.attrs["unfamiliar"]] == [*map(str, far)]
        assert min(table.attrs["unfamiliar"].values()) > familiar.limit
        windowed = each.predict([near[0], far[0]], window=0.2)
        assert [*windowed.attrs["unfamiliar"]] == [str(far[0])]
    assert recogniser.predict(far).attrs["unfamiliar"] == {}
    samples = knowing.predict(1e-3 * noise(2.0), rate=16_000)
    assert [*samples.attrs["unfamiliar"]] == ["array"]
    (tmp_path / "broken.wav").write_text("no audio")
    kept = knowing.predict([far[0], tmp_path / "broken.wav"], skip_bad=True)
    assert [*kept.attrs["unfamiliar"]] == [str(far[0])]


def test_timelines_are_drawn_per_file(recogniser, write_audio, noise, tmp_path):
    files = [write_audio(f"{n}/a.wav", noise(1.2, seed=n)) for n in range(2)]
    table = recogniser.predict(files, window=0.5)
    written = inference.draw_timelines(table, tmp_path / "pictures", "toy")
    assert [path.name for path in written] == ["a.png", "a-2.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in written)


def test_a_recogniser_says_what_it_is(recogniser):
    assert repr(recogniser) == (
        "<Recogniser MTLAug: anger, neutral, sadness; LogMel, windows of 1 s>"
    )
    assert inference.Recognizer is inference.Recogniser


def test_no_utterance_has_no_output(recogniser):
    assert recogniser.posteriors([]).shape == (0, len(CLASSES))
    units = recogniser.model.embedding_model.output.shape[-1]
    assert recogniser.embeddings([]).shape == (0, units)


@pytest.mark.parametrize("shape", [(0, BANDS), (7, BANDS + 1), (7,), (1, 7, BANDS)])
@pytest.mark.parametrize("method", ["posteriors", "embeddings"])
def test_an_utterance_of_another_shape_is_named(recogniser, shape, method):
    good = np.zeros((9, BANDS), "float32")
    words = rf"\(frames, {BANDS}\).*Received: shape {re.escape(str(shape))}.*index 1"
    with pytest.raises(ValueError, match=words):
        getattr(recogniser, method)([good, np.zeros(shape, "float32")])


def test_damaged_weights_have_no_embedding(new_recogniser):
    made = new_recogniser(CLASSES, BANDS)
    made.model.set_weights([np.full_like(each, np.nan) for each in made.model.weights])
    with pytest.raises(ValueError, match="weights are damaged"):
        made.embeddings([np.zeros((9, BANDS), "float32")])


@pytest.mark.parametrize("batch", [0, -1, 2.0])
def test_an_impossible_batch_is_rejected(recogniser, batch):
    with pytest.raises(ValueError, match="`batch` must be a positive integer"):
        inference.Recogniser(recogniser.model, recogniser.preprocessing, batch)


def test_samples_may_be_a_tensor_and_not_a_list(recogniser):
    wave = np.random.default_rng(0).normal(size=8000).astype("float32") / 10
    expected = recogniser.predict(wave, rate=16_000)
    tensor = keras.ops.convert_to_tensor(wave)
    pd.testing.assert_frame_equal(recogniser.predict(tensor, rate=16_000), expected)
    for rate in (None, 16_000):
        with pytest.raises(ValueError, match=r"Received: float.*np.array\(samples\)"):
            recogniser.predict(wave.tolist(), rate=rate)


@pytest.mark.parametrize("given", [None, 3, pd.DataFrame({"file": ["a"]}), {"a": 1}])
def test_what_is_no_audio_is_named_by_its_type(recogniser, given):
    with pytest.raises(ValueError, match=f"Received: {type(given).__name__}"):
        recogniser.predict(given)


def test_names_that_are_not_utf8(recogniser, model_file, write_audio, noise, capsys):
    """A name is bytes. Tables keep it, and what is printed or written escapes it."""
    good = write_audio("good.wav", noise(0.5))
    odd = os.fsdecode(os.fsencode(good.parent) + b"/\xff.wav")
    shutil.copy(good, odd)
    table = recogniser.predict([odd, good])
    assert list(table.file) == [odd, str(good)]
    for words in ([], ["--json"], ["--out", str(good.parent / "out.csv")]):
        arguments = ["predict", str(model_file), str(good.parent), *words]
        assert cli.main(cli.parser().parse_args(arguments)) == 0
        printed = capsys.readouterr().out
        assert words[:1] == ["--out"] or "udcff.wav" in printed
    assert "\\udcff.wav" in (good.parent / "out.csv").read_text("utf-8")
    pictures = inference.draw_timelines(table, good.parent / "pictures")
    assert [each.name for each in pictures] == ["file.png", "good.png"]


def test_the_name_of_a_picture_has_a_bounded_length(
    recogniser, write_audio, noise, tmp_path
):
    long = write_audio(f"{'ü' * 120}.wav", noise(0.5))
    table = recogniser.predict(long)
    (picture,) = inference.draw_timelines(table, tmp_path / "pictures")
    assert picture.name == f"{'ü' * 50}.png"
