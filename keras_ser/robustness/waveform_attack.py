"""Attacks on the waveform, written as audio files.

The attacks in `attacks` change features, which cannot be played to a recogniser. Here
the waveform itself is changed, within ±ε of full scale, and the gradient is taken
through the front-end. The result is a file that sounds almost the same and is
recognised differently.
"""

import dataclasses
import functools
from pathlib import Path

import keras
import numpy as np

from keras_ser import attacks, audio
from keras_ser.attacks import gradient
from keras_ser.audio.noise import speech_power
from keras_ser.inference import Recogniser, exporters
from keras_ser.utils import files

FULL_SCALE = 2**15  # in steps of 16-bit samples
SUBTYPES = ("PCM_16", "FLOAT")


@dataclasses.dataclass(frozen=True)
class Attacked:
    """An attacked file, measured after it was written and read back.

    Args:
        path: Path of the file.
        snr: Power of the speech over that of the change, in dB; see
            `signal_to_noise`.
        largest: Largest change of a sample, as a fraction of full scale.
        clean: Probability of each class for the original speech.
        attacked: Probability of each class for the file, from `Recogniser.predict`.
    """

    path: Path
    snr: float
    largest: float
    clean: dict[str, float]
    attacked: dict[str, float]


def epsilon_for(wave: np.ndarray, snr: float) -> float:
    """The ε that keeps a signal-to-noise ratio (SNR).

        ε = √P(x) · 10^(−snr / 20)

    with the power P of `audio.noise.speech_power`. Because no perturbation within ±ε
    has more power than ε², each is at least `snr` dB below the speech.

    Args:
        wave: `(samples,)` in [-1, 1].
        snr: Signal-to-noise ratio in dB.

    Returns:
        ε as a fraction of full scale.

    Raises:
        ValueError: If `snr` is not finite.
    """
    if not np.isfinite(snr):
        raise ValueError(f"`snr` must be a finite number of dB. Received: {snr!r}.")
    return float(np.sqrt(speech_power(wave)) * 10 ** (-snr / 20))


def signal_to_noise(wave: np.ndarray, changed: np.ndarray) -> float:
    """The power of the speech over that of a change.

        SNR = 10 log10(P(x) / mean (x' − x)²)

    with the power P of `audio.noise.speech_power`, as for noise that is mixed in.

    Args:
        wave: x, `(samples,)`.
        changed: x', `(samples,)`.

    Returns:
        The ratio in dB, which is infinite without a change.
    """
    noise = np.mean(np.square(changed.astype(np.float64) - wave))
    with np.errstate(divide="ignore"):
        return float(10 * np.log10(speech_power(wave) / noise))


def perturb(
    recogniser: Recogniser,
    wave: np.ndarray,
    emotion: str,
    attack: attacks.Attack,
    seed: int = 0,
    subtype: str = "FLOAT",
) -> np.ndarray:
    """Changes a waveform within ±ε, so that a recogniser gets it wrong.

    The model takes the whole waveform at once, as in
    `inference.exporters.speech_model`. For speech that is longer than the training
    window, `Recogniser.predict` differs: it takes the mean over windows.

    Args:
        recogniser: Recogniser that meets the requirements of
            `inference.exporters.speech_model`: its front-end is also a layer, such as
            `LogMel`, and its features are not normalised by speaker.
        wave: float32 `(samples,)` at 16 kHz in [-1, 1], as `audio.read` returns it.
        emotion: The true class.
        attack: Instance of a class in `attacks.ATTACKS` with its epsilon as a
            fraction of full scale, such as `BIM(0.002)` or
            `BIM(epsilon_for(wave, 30))`.
        seed: Seed of a random start.
        subtype: `"PCM_16"` for samples that a 16-bit file can hold exactly, or
            `"FLOAT"`.

    Returns:
        float32 `(samples,)`, in [-1, 1] if the waveform is.

    Raises:
        ValueError: If the waveform, the class or the subtype is invalid, if the
            recogniser needs more than one waveform, or if ε is too small for 16 bits.
    """
    wave = _check_arguments(recogniser, wave, emotion, subtype)
    network, front = _networks(recogniser)
    truth = np.array([[name == emotion for name in recogniser.classes]], np.float32)
    low, high = _bounds(wave, attack.epsilon)
    slope = functools.partial(
        gradient.margin_gradient, network, truth=truth, front=front
    )
    changed = attack.climb(slope, wave[None], low[None], high[None], [seed])[0]
    return changed if subtype == "FLOAT" else _round_to_16_bits(changed, low, high)


def write(
    path: str | Path,
    recogniser: Recogniser,
    wave: np.ndarray,
    emotion: str,
    attack: attacks.Attack,
    seed: int = 0,
    subtype: str = "PCM_16",
) -> Attacked:
    """Writes an attacked waveform, reads it back and recognises it.

    Args:
        path: Path of the file, which ends with `.wav`.
        recogniser, wave, emotion, attack, seed: As for `perturb`.
        subtype: Sample format, `"PCM_16"` or `"FLOAT"`.

    Returns:
        The measurements of the file.

    Raises:
        ValueError: As `perturb`, and if the path has another suffix.

    Example:

    >>> wave = audio.read("speech.wav")
    >>> attack = BIM(epsilon_for(wave, snr=30))
    >>> write("attacked.wav", recogniser, wave, "anger", attack).attacked["anger"]
    """
    import soundfile

    path = Path(path)
    if path.suffix != ".wav":
        raise ValueError(
            f"`path` must end with `.wav`. Received: {path}. Change the suffix."
        )
    changed = perturb(recogniser, wave, emotion, attack, seed, subtype)
    # libsndfile neither scales nor rounds integers.
    samples = changed if subtype == "FLOAT" else (changed * FULL_SCALE).astype(np.int16)
    with files.replacing(path) as temporary:
        soundfile.write(temporary, samples, audio.RATE, subtype=subtype)
    found = audio.read(path)
    return Attacked(
        path,
        signal_to_noise(wave, found),
        float(np.abs(found.astype(np.float64) - wave).max()),
        _first_row(recogniser, recogniser.predict(wave, rate=audio.RATE)),
        _first_row(recogniser, recogniser.predict([path])),
    )


@functools.lru_cache(maxsize=2)  # as many as `attacks.gradient` keeps compiled
def _networks(recogniser: Recogniser) -> tuple[keras.Model, keras.Model]:
    """The model from features to probabilities, and that from waves to features."""
    speech = exporters.speech_model(recogniser)
    features = speech.get_layer("normalised").output
    return recogniser.model.emotion_model, keras.Model(speech.input, features)


def _bounds(wave, epsilon):
    """The bounds of each sample: within ±ε and, unless the wave is beyond it, ±1."""
    low, high = gradient.bounds(wave, epsilon)
    return np.maximum(low, np.minimum(wave, -1)), np.minimum(high, np.maximum(wave, 1))


def _round_to_16_bits(wave, low, high) -> np.ndarray:
    """The nearest 16-bit samples between the bounds."""
    lowest = np.maximum(np.ceil(low * FULL_SCALE), -FULL_SCALE)
    highest = np.minimum(np.floor(high * FULL_SCALE), FULL_SCALE - 1)
    if (lowest > highest).any():
        raise ValueError(
            "16-bit samples need an `epsilon` of 1 / 32768 or more and a `wave` in "
            "[-1, 1]. Received: bounds without any 16-bit sample between them. "
            "Increase `epsilon`, or set subtype='FLOAT'."
        )
    samples = np.clip(np.round(wave * FULL_SCALE), lowest, highest)
    return (samples / FULL_SCALE).astype(np.float32)


def _check_arguments(recogniser, wave, emotion: str, subtype: str) -> np.ndarray:
    """The waveform as float32, once all arguments are checked."""
    wave = np.asarray(wave)
    floats = wave.ndim == 1 and wave.size and np.issubdtype(wave.dtype, np.floating)
    if not floats or not np.isfinite(wave).all():
        raise ValueError(
            "`wave` must be finite floats of shape (samples,). Received: "
            f"{wave.dtype} {wave.shape}. Read it with `audio.read`."
        )
    if emotion not in recogniser.classes:
        raise ValueError(
            f"`emotion` must be one of {recogniser.classes}. Received: {emotion!r}."
        )
    if subtype not in SUBTYPES:
        raise ValueError(f"`subtype` must be one of {SUBTYPES}. Received: {subtype!r}.")
    return wave.astype(np.float32)


def _first_row(recogniser, table) -> dict[str, float]:
    """The probabilities in the first row of a table."""
    return {name: float(table[f"p_{name}"].iloc[0]) for name in recogniser.classes}
