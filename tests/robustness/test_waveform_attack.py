"""Attacked speech: its bounds, the file that is written, and what is recognised."""

import dataclasses

import keras
import numpy as np
import pytest
import soundfile

from keras_ser import audio, inference, models
from keras_ser.attacks import BIM, FGSM, PGD, gradient
from keras_ser.features import LogMel, Spectrogram
from keras_ser.features.preprocessing import Preprocessing, moments
from keras_ser.inference import exporters
from keras_ser.robustness import waveform_attack

CLASSES = ("anger", "sadness")
BANDS = 16
FULL = 32768


def speech(emotion, seed=0, seconds=0.6):
    """A buzz in noise, in 16-bit steps. Anger has a higher pitch than sadness."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * audio.RATE)) / audio.RATE
    pitch = 400 if emotion == "anger" else 250
    wave = np.sin(2 * np.pi * pitch * time) + np.sin(6 * np.pi * pitch * time)
    wave = 0.1 * wave + rng.normal(scale=0.03, size=time.shape)
    return (np.round(wave * FULL) / FULL).astype("float32")


@pytest.fixture(
    scope="module",
    params=[LogMel(n_mels=BANDS), Spectrogram(n_bins=64)],
    ids=["LogMel", "Spectrogram"],
)
def recogniser(request):
    """A recogniser that is sure about the two classes, with each front-end."""
    keras.utils.set_random_seed(0)
    front_end = request.param
    waves = [(name, speech(name, seed)) for seed in range(6) for name in CLASSES]
    features = [front_end(wave) for _, wave in waves]
    mean, std = moments(features)
    preprocessing = Preprocessing(front_end, CLASSES, 1.0, "train", mean, std)
    dimensions = front_end.dimensions
    model = models.CNNAttention(CLASSES, dimensions=dimensions, filters=(4, 4, 8, 8))
    model.compile(keras.optimizers.Adam(1e-2), **model.objective())
    x = np.array([preprocessing.normalised(each) for each in features])
    truth = np.array([[name == each for each in CLASSES] for name, _ in waves], float)
    model.fit(x, {"emotion": truth}, epochs=60, batch_size=4, verbose=0)
    return inference.Recogniser(model, preprocessing)


def perturb(recogniser, attack, emotion="anger", wave=None, **options):
    wave = speech(emotion, seed=9) if wave is None else wave
    return waveform_attack.perturb(recogniser, wave, emotion, attack, **options)


def probability(recogniser, wave, emotion="anger"):
    """Probability from the speech model, which takes the waveform itself."""
    found = exporters.speech_model(recogniser)(wave[None])[emotion]
    return float(keras.ops.convert_to_numpy(found)[0])


# === The wave ===


@pytest.mark.parametrize("subtype", waveform_attack.SUBTYPES)
@pytest.mark.parametrize("attack", [FGSM(0.004), BIM(0.004), PGD(1 / 300)])
def test_no_sample_leaves_the_ball_or_full_scale(recogniser, attack, subtype):
    wave = speech("anger", seed=9)
    wave[:3] = 1 - 1 / FULL, -1, 0.999
    changed = perturb(recogniser, attack, wave=wave, subtype=subtype, seed=3)
    difference = np.abs(changed.astype("float64") - wave)
    assert 0.9 * attack.epsilon < difference.max() <= attack.epsilon
    assert np.abs(changed).max() <= 1
    assert changed.dtype == np.float32 and changed.shape == wave.shape
    if subtype == "PCM_16":
        np.testing.assert_array_equal(changed * FULL, np.round(changed * FULL))


def test_the_true_class_becomes_less_likely(recogniser):
    wave = speech("anger", seed=9)
    clean = probability(recogniser, wave)
    single, many = (
        probability(recogniser, perturb(recogniser, kind(0.01))) for kind in (FGSM, BIM)
    )
    noise = np.random.default_rng(0).choice([-1, 1], wave.shape) * np.float32(0.01)
    assert clean > 0.9
    assert many < single < clean
    assert many < 0.5 < probability(recogniser, wave + noise)


def test_a_recogniser_that_normalises_by_utterance_is_attacked_too(recogniser):
    preprocessing = dataclasses.replace(
        recogniser.preprocessing, normalise="utterance_std"
    )
    other = inference.Recogniser(recogniser.model, preprocessing)
    wave = speech("anger", seed=9)
    changed = perturb(other, BIM(0.01))
    assert np.abs(changed - wave).max() <= 0.01
    assert probability(other, changed) < probability(other, wave)


def test_the_direction_is_that_of_the_speech_model(recogniser):
    """Small steps along the attack raise the loss as its gradient says."""
    wave = speech("sadness", seed=4)
    step = 1e-5
    changed = perturb(recogniser, FGSM(step), "sadness", wave)
    up, down = (
        probability(recogniser, wave + sign * (changed - wave), "sadness")
        for sign in (1, -1)
    )
    assert up < probability(recogniser, wave, "sadness") < down


@pytest.mark.parametrize("subtype", waveform_attack.SUBTYPES)
def test_an_epsilon_of_zero_changes_nothing(recogniser, subtype):
    wave = speech("anger", seed=9)
    changed = perturb(recogniser, BIM(0.0), wave=wave, subtype=subtype)
    np.testing.assert_array_equal(changed, wave)


def test_a_random_start_depends_on_the_seed(recogniser):
    one, again, other = (
        perturb(recogniser, PGD(0.004), seed=seed) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()


# === Signal to noise ===


def test_signal_to_noise_is_the_closed_form():
    """Power of the frames with speech over that of the whole change."""
    wave = np.zeros(4 * 320, "float32")
    wave[:320] = 0.3
    changed = wave + np.float32([0.1, -0.1] * 640)
    expected = 10 * np.log10(0.3**2 / 0.1**2)
    found = waveform_attack.signal_to_noise(wave, changed)
    assert found == pytest.approx(expected, abs=1e-4)
    assert waveform_attack.signal_to_noise(wave, wave) == np.inf
    assert waveform_attack.epsilon_for(wave, expected) == pytest.approx(0.1, rel=1e-5)


@pytest.mark.parametrize("snr", [20, 40])
def test_an_epsilon_for_an_snr_keeps_it(recogniser, snr):
    wave = speech("anger", seed=9)
    epsilon = waveform_attack.epsilon_for(wave, snr)
    changed = perturb(recogniser, BIM(epsilon), wave=wave)
    # A step may undo a part of another one, which leaves less noise.
    assert snr <= waveform_attack.signal_to_noise(wave, changed) < snr + 4


# === The file ===


@pytest.mark.parametrize("subtype", waveform_attack.SUBTYPES)
def test_the_written_file_holds_the_attack(recogniser, subtype, tmp_path):
    wave = speech("anger", seed=9)
    attack = BIM(waveform_attack.epsilon_for(wave, 15))
    path = tmp_path / "attacked.wav"
    found = waveform_attack.write(
        path, recogniser, wave, "anger", attack, subtype=subtype
    )
    info = soundfile.info(path)
    assert (info.subtype, info.samplerate, info.channels) == (subtype, 16_000, 1)
    read = audio.read(path)
    expected = perturb(recogniser, attack, wave=wave, subtype=subtype)
    np.testing.assert_array_equal(read, expected)
    assert found.path == path
    assert found.snr == waveform_attack.signal_to_noise(wave, read) >= 15
    assert found.largest == np.abs(read.astype("float64") - wave).max()
    assert found.largest <= attack.epsilon
    (row,) = recogniser.predict([path]).to_dict("records")
    assert found.attacked == {name: row[f"p_{name}"] for name in CLASSES}
    soundfile.write(tmp_path / "clean.wav", wave, 16_000, subtype="FLOAT")
    (row,) = recogniser.predict([tmp_path / "clean.wav"]).to_dict("records")
    for name in CLASSES:
        assert found.clean[name] == pytest.approx(row[f"p_{name}"], abs=1e-5)
    assert found.clean["anger"] > 0.9 and found.attacked["anger"] < 0.5


def test_an_attack_of_a_few_16_bit_steps_survives_rounding(recogniser, tmp_path):
    """Rounding to 16 bits after the attack hardly changes the probability."""
    wave = speech("anger", seed=9)
    attack = BIM(4 / FULL)
    path = tmp_path / "attacked.wav"
    found = waveform_attack.write(path, recogniser, wave, "anger", attack)
    exact = probability(recogniser, perturb(recogniser, attack, wave=wave))
    assert found.largest == 4 / FULL
    assert found.attacked["anger"] == pytest.approx(exact, abs=0.02)


# === Errors ===


@pytest.mark.parametrize(
    ("wave", "words"),
    [
        (np.zeros((2, 100), "float32"), r"`wave` must be finite floats.*\(2, 100\)"),
        (np.zeros(0, "float32"), r"`wave` must be finite floats"),
        (np.zeros(100, "int16"), "Received: int16"),
        (np.full(100, np.nan, "float32"), "`wave` must be finite floats"),
    ],
)
def test_what_is_no_wave_is_rejected(recogniser, wave, words):
    with pytest.raises(ValueError, match=words):
        perturb(recogniser, BIM(0.01), wave=wave)


def test_other_arguments_are_named(recogniser, tmp_path):
    wave = speech("anger")
    with pytest.raises(ValueError, match="`emotion` must be one of.*'joy'"):
        perturb(recogniser, BIM(0.01), "joy", wave)
    with pytest.raises(ValueError, match="`subtype` must be one of.*'PCM_24'"):
        perturb(recogniser, BIM(0.01), subtype="PCM_24")
    with pytest.raises(ValueError, match=r"must end with `\.wav`"):
        waveform_attack.write(tmp_path / "a.mp3", recogniser, wave, "anger", BIM())
    with pytest.raises(ValueError, match="`snr` must be a finite number"):
        waveform_attack.epsilon_for(wave, np.nan)


def test_16_bits_need_room_for_a_sample(recogniser):
    between = speech("anger") + np.float32(0.5 / FULL)
    assert (perturb(recogniser, BIM(1 / FULL), wave=between, subtype="PCM_16")).any()
    with pytest.raises(ValueError, match="`epsilon` of 1 / 32768 or more"):
        perturb(recogniser, BIM(0.25 / FULL), wave=between, subtype="PCM_16")


def test_bounds_of_a_wave_beyond_full_scale_hold_it():
    wave = np.float32([1.2, 0.5, -1.0])
    low, high = waveform_attack._bounds(wave, 0.1)
    assert ((low <= wave) & (wave <= high)).all()
    np.testing.assert_allclose(high, [1.2, 0.6, -0.9], atol=1e-6)
    inner = gradient.bounds(wave, 0.1)[0]
    np.testing.assert_array_equal(low, [inner[0], inner[1], -1])


def test_both_probabilities_are_those_of_predict(recogniser, tmp_path):
    """With the temperature of the recogniser, which a finished run has."""
    warm = inference.Recogniser(
        recogniser.model, recogniser.preprocessing, temperature=4.0
    )
    wave = speech("anger", seed=9)
    given = warm, wave, "anger", FGSM(0.0)
    found = waveform_attack.write(tmp_path / "a.wav", *given, subtype="FLOAT")
    assert found.largest == 0
    assert found.clean == pytest.approx(found.attacked, abs=1e-6)
    soundfile.write(tmp_path / "clean.wav", wave, audio.RATE, subtype="FLOAT")
    expected = warm.predict([tmp_path / "clean.wav"]).p_anger.iloc[0]
    assert found.clean["anger"] == pytest.approx(expected, abs=1e-6)
    assert (
        found.clean["anger"]
        < recogniser.predict([tmp_path / "clean.wav"]).p_anger.iloc[0]
    )
