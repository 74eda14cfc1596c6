"""An attack on speech itself, written as sound.

The attacks of `attacks` change features, which nobody can hand to a recogniser. Here
the wave is changed, within ±ε of full scale, and the gradient is taken through the
log-mel: what results is a file that sounds almost alike and is recognised otherwise.
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

FULL_SCALE = 2**15  # of 16-bit samples
SUBTYPES = ("PCM_16", "FLOAT")


@dataclasses.dataclass(frozen=True)
class Attacked:
    """An attacked file, as it is read back from where it was written.

    Args:
        path: of the file.
        snr: dB, of the original over what was added, `signal_to_noise`.
        largest: the largest change of a sample, in full scale.
        clean: probability of each class for the original.
        attacked: the same for the file, `Recogniser.predict`.
    """

    path: Path
    snr: float
    largest: float
    clean: dict[str, float]
    attacked: dict[str, float]


def epsilon_for(wave: np.ndarray, snr: float) -> float:
    """The ε whose perturbations stand at least `snr` dB below the speech in a wave.

        ε = √P(x) · 10^(−snr / 20)

    with P of `noises.speech_power`. No perturbation within ±ε has more power than ε².

    Args:
        wave: `(samples,)` in [-1, 1].
        snr: dB.
    """
    if not np.isfinite(snr):
        raise ValueError(f"`snr` must be a finite number of dB. Received: {snr!r}.")
    return float(np.sqrt(speech_power(wave)) * 10 ** (-snr / 20))


def signal_to_noise(wave: np.ndarray, changed: np.ndarray) -> float:
    """10 log10(P(x) / mean (x' − x)²) in dB, infinite without a change.

    P is `noises.speech_power`: the ratio is that of noise that is mixed in.
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
    """A wave that a recogniser is wrong about, within ±ε of the original.

    The whole wave is seen at once, as `exporting.speech_model` does it; of speech
    longer than the training window, `Recogniser.predict` takes the mean of windows.

    Args:
        recogniser: normalised by its training statistics, with the front-end `LogMel`.
        wave: float32 `(samples,)` at 16 kHz in [-1, 1], as `audio.read` gives it.
        emotion: the true class.
        attack: of `attacks.ATTACKS`, its epsilon in units of full scale, such as
            `BIM(0.002)` or `BIM(epsilon_for(wave, 30))`.
        seed: of a random start.
        subtype: `"PCM_16"` for samples that a 16-bit file holds exactly.

    Returns:
        float32 `(samples,)`, in [-1, 1] where the wave is.

    Raises:
        ValueError: another wave or class, a recogniser that one wave does not suffice
            for, or an ε that 16 bits cannot hold.
    """
    wave = _checked(recogniser, wave, emotion, subtype)
    network, front = _networks(recogniser)
    truth = np.array([[name == emotion for name in recogniser.classes]], np.float32)
    low, high = _bounds(wave, attack.epsilon)
    slope = functools.partial(gradient.of_margin, network, truth=truth, front=front)
    changed = attack.climb(slope, wave[None], low[None], high[None], [seed])[0]
    return changed if subtype == "FLOAT" else _on_grid(changed, low, high)


def write(
    path,
    recogniser: Recogniser,
    wave: np.ndarray,
    emotion: str,
    attack: attacks.Attack,
    seed: int = 0,
    subtype: str = "PCM_16",
) -> Attacked:
    """Writes an attacked wave, reads it back and has it recognised again.

    Args:
        path: wav file.
        recogniser, wave, emotion, attack, seed: see `perturb`.
        subtype: of the samples, `"PCM_16"` or `"FLOAT"`.

    Returns:
        What was found in the file.

    Raises:
        ValueError: as `perturb`; another suffix.

    Example:

    >>> wave = audio.read("speech.wav")
    >>> attack = BIM(epsilon_for(wave, snr=30))
    >>> write("attacked.wav", recogniser, wave, "anger", attack).attacked["anger"]
    """
    import soundfile

    path = Path(path)
    if path.suffix != ".wav":
        raise ValueError(f"Expected a path that ends with `.wav`. Received: {path}.")
    changed = perturb(recogniser, wave, emotion, attack, seed, subtype)
    # As integers, which libsndfile neither scales nor rounds.
    samples = changed if subtype == "FLOAT" else (changed * FULL_SCALE).astype(np.int16)
    with files.replacing(path) as temporary:
        soundfile.write(temporary, samples, audio.RATE, subtype=subtype)
    found = audio.read(path)
    return Attacked(
        path,
        signal_to_noise(wave, found),
        float(np.abs(found.astype(np.float64) - wave).max()),
        _probabilities(recogniser, wave),
        _named(recogniser, recogniser.predict([path])),
    )


@functools.lru_cache(maxsize=2)  # as many as `attacks` keeps compiled
def _networks(recogniser) -> tuple:
    """Features to probabilities, and the wave to features."""
    speech = exporters.speech_model(recogniser)
    features = speech.get_layer("normalised").output
    return recogniser.model.emotion_model, keras.Model(speech.input, features)


def _bounds(wave, epsilon):
    """Lowest and highest samples: within ε, and no further beyond full scale."""
    low, high = gradient.around(wave, epsilon)
    return np.maximum(low, np.minimum(wave, -1)), np.minimum(high, np.maximum(wave, 1))


def _on_grid(wave, low, high) -> np.ndarray:
    """The nearest 16-bit samples between the bounds."""
    lowest = np.maximum(np.ceil(low * FULL_SCALE), -FULL_SCALE)
    highest = np.minimum(np.floor(high * FULL_SCALE), FULL_SCALE - 1)
    if (lowest > highest).any():
        raise ValueError(
            "16 bits need an `epsilon` of 1 / 32768 or more, and a wave in [-1, 1]. "
            "Received: bounds between which no sample lies. Raise `epsilon`, or use "
            "subtype='FLOAT'."
        )
    samples = np.clip(np.round(wave * FULL_SCALE), lowest, highest)
    return (samples / FULL_SCALE).astype(np.float32)


def _checked(recogniser, wave, emotion: str, subtype: str) -> np.ndarray:
    wave = np.asarray(wave)
    right = wave.ndim == 1 and wave.size and np.issubdtype(wave.dtype, np.floating)
    if not right or not np.isfinite(wave).all():
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


def _probabilities(recogniser, wave) -> dict[str, float]:
    preprocessing = recogniser.preprocessing
    features = preprocessing.normalised(preprocessing.front_end(wave))
    return _named(recogniser, recogniser.table(recogniser.posteriors([features])))


def _named(recogniser, table) -> dict[str, float]:
    return {name: float(table[f"p_{name}"].iloc[0]) for name in recogniser.classes}
