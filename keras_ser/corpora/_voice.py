"""A source-filter speech synthesiser: phones, pitch, voice quality in, waveform out.

A glottal pulse train (Rosenberg 1971) with jitter, shimmer and aspiration noise
excites a cascade of moving formant resonators (Klatt 1980); for bursts and
fricatives, noise excites a pole pair of its own. Every filter is applied in short
overlapping frames,

    y = Σ_t h_t * (w_t x),    Σ_t w_t = 1,

with h_t the impulse response of frame t, so that formants glide without clicks and
no Python loop runs over samples.

References:
    Rosenberg: Effect of glottal pulse shape on the quality of natural vowels.
        Journal of the Acoustical Society of America 49, 1971
    Klatt: Software for a cascade/parallel formant synthesizer. Journal of the
        Acoustical Society of America 67, 1980
    Peterson, Barney: Control methods used in a study of the vowels. Journal of the
        Acoustical Society of America 24, 1952
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.signal import resample_poly

RATE = 16_000  # samples a second
STEP = 80  # samples between frames: 5 ms
FFT = 1024  # a frame of 2 * STEP samples and 54 ms of ringing
OVERSAMPLE = 4  # the closure of the glottis is an edge, which would alias at RATE
EDGE = 30  # samples; brings the flow's derivative to about 1 at 150 Hz

# What an adult male tract adds above the three formants that a phone chooses (Hz).
UPPER_FORMANTS = (3500.0, 4500.0, 5500.0, 6500.0)
BANDWIDTHS = (70.0, 90.0, 150.0, 200.0, 250.0, 350.0, 450.0)
NASAL_POLE = 270.0

FORMANT_GLIDE = 15  # frames that a movement of the tongue takes: 75 ms
VOICING_GLIDE = 5
NOISE_GLIDE = 3  # bursts have to stay sharp


class Phase(NamedTuple):
    """A stretch of constant targets; a phone is one or several of them.

    Formants are those of an adult male (Hz), `None` where the next phone decides;
    amplitudes are relative to a vowel; `centre` and `width` shape the turbulence (Hz);
    `zero` is the antiresonance of the nose (Hz), which cancels at `NASAL_POLE`.
    """

    seconds: float
    formants: tuple[float, float, float] | None
    voicing: float = 0.0
    aspiration: float = 0.0
    frication: float = 0.0
    centre: float = 2500.0
    width: float = 2000.0
    zero: float = NASAL_POLE


@dataclass(frozen=True)
class Quality:
    """How a voice sounds during one utterance.

    Args:
        tract: factor on all formants; about 1 for a man, 1.17 for a woman.
        tilt: attenuation of the glottal source at 3 kHz, in dB, 0 or more.
        jitter: standard deviation of a cycle's length, relative to it.
        shimmer: standard deviation of a cycle's amplitude, in dB.
        breath: level of the aspiration noise during voicing, in dB re the pulses.
        opening: share of a cycle in which the glottis is open, 0.4 (pressed) to
            0.8 (lax).
    """

    tract: float
    tilt: float
    jitter: float
    shimmer: float
    breath: float
    opening: float


def _vowel(
    f1: float, f2: float, f3: float, seconds: float = 0.120
) -> tuple[Phase, ...]:
    return (Phase(seconds, (f1, f2, f3), voicing=1.0),)


def _glide(
    f1: float, f2: float, f3: float, seconds: float = 0.065
) -> tuple[Phase, ...]:
    return (Phase(seconds, (f1, f2, f3), voicing=0.55),)


def _nasal(f2: float, f3: float, zero: float) -> tuple[Phase, ...]:
    return (Phase(0.070, (270.0, f2, f3), voicing=0.5, zero=zero),)


def _fricative(
    f2: float, centre: float, width: float, level: float, voiced: bool = False
):
    seconds, voicing = (0.070, 0.3) if voiced else (0.105, 0.0)
    return (Phase(seconds, (330.0, f2, 2550.0), voicing, 0.0, level, centre, width),)


def _stop(
    f2: float, f3: float, centre: float, level: float, voiced: bool
) -> tuple[Phase, ...]:
    place = (250.0, f2, f3)
    burst = {"frication": level, "centre": centre, "width": 1800.0}
    if voiced:  # a murmur behind closed lips, then a weak burst
        return (
            Phase(0.050, place, voicing=0.12),
            Phase(0.010, place, voicing=0.5, **burst),
        )
    return (
        Phase(0.065, place),
        Phase(0.012, place, **burst),
        Phase(0.025, None, aspiration=0.35),
    )


# Vowels after the male averages of Peterson and Barney, consonants after Klatt's table.
PHONES: dict[str, tuple[Phase, ...]] = {
    "i": _vowel(270, 2290, 3010),
    "I": _vowel(390, 1990, 2550, 0.095),
    "e": _vowel(480, 1950, 2600),
    "E": _vowel(530, 1840, 2480, 0.105),
    "a": _vowel(730, 1150, 2440, 0.135),
    "A": _vowel(660, 1720, 2410, 0.140),
    "o": _vowel(500, 900, 2400),
    "O": _vowel(570, 840, 2410, 0.130),
    "u": _vowel(310, 870, 2240),
    "y": _vowel(280, 1850, 2150),
    "@": _vowel(490, 1350, 2390, 0.060),
    "w": _glide(290, 650, 2150),
    "j": _glide(270, 2200, 2950),
    "l": _glide(340, 1050, 2800),
    "r": _glide(330, 1080, 1450),
    "R": _glide(380, 1500, 2500, 0.028),  # a tap
    "m": _nasal(1050, 2200, 900),
    "n": _nasal(1400, 2500, 1700),
    "N": _nasal(1900, 2700, 2600),  # palatal
    "f": _fricative(1100, 5500, 5000, 0.10),
    "v": _fricative(1100, 5500, 5000, 0.05, voiced=True),
    "T": _fricative(1300, 6200, 4000, 0.09),
    "s": _fricative(1500, 5600, 1500, 0.32),
    "z": _fricative(1500, 5600, 1500, 0.14, voiced=True),
    "S": _fricative(1750, 3200, 1200, 0.25),
    "x": _fricative(1500, 1700, 900, 0.14),
    "h": (Phase(0.060, None, aspiration=0.40),),
    "p": _stop(800, 2200, 1000, 0.10, voiced=False),
    "b": _stop(800, 2200, 1000, 0.06, voiced=True),
    "t": _stop(1700, 2700, 4500, 0.45, voiced=False),
    "d": _stop(1700, 2700, 4200, 0.20, voiced=True),
    "k": _stop(1900, 2300, 2000, 0.25, voiced=False),
    "g": _stop(1900, 2300, 1900, 0.12, voiced=True),
    "_": (Phase(0.100, None),),  # a pause
}


def synthesise(
    phases: list[Phase],
    pitch: np.ndarray,
    level: np.ndarray,
    quality: Quality,
    rng: np.random.Generator,
) -> np.ndarray:
    """Waveform of a sequence of phases.

    Args:
        phases: what is articulated, with durations in seconds.
        pitch: F0 in Hz, one value a frame of `STEP` samples; see `frames`.
        level: loudness in dB re a vowel at 0 dB, one value a frame.
        quality: voice quality of the utterance.
        rng: source of all noise.

    Returns:
        `(len(pitch) * STEP,)` samples at `RATE`, unscaled float64.
    """
    tracks = _tracks(phases, len(pitch))
    samples = len(pitch) * STEP
    pulses = _pulses(_stretch(pitch, samples), quality, rng)
    noise = rng.standard_normal(samples)
    # Breath is turbulence in the glottis: strongest where the flow changes most.
    swell = 0.4 + np.abs(pulses) / np.abs(pulses).max()
    breath = _decibels(quality.breath) * swell * noise
    gain = _stretch(_decibels(level), samples)
    voicing, aspiration, frication = (
        _stretch(tracks[name], samples) * gain
        for name in ("voicing", "aspiration", "frication")
    )
    throat = voicing * (pulses + breath) + 0.2 * aspiration * noise
    voice = _filter(throat, *_tract(tracks, quality))
    turbulence = _filter(
        frication * rng.standard_normal(samples), *_turbulence(tracks, quality)
    )
    return voice + 0.5 * turbulence


def frames(phases: list[Phase]) -> np.ndarray:
    """First frame of every phase and, last, the number of frames: `(phases + 1,)`."""
    edges = np.concatenate([[0.0], np.cumsum([phase.seconds for phase in phases])])
    return np.round(edges * RATE / STEP).astype(int)


def _tracks(phases: list[Phase], count: int) -> dict[str, np.ndarray]:
    """The targets of all phases as smooth tracks, one value a frame."""
    repeats = np.diff(frames(phases))
    formants = np.repeat(_known_formants(phases), repeats, axis=0)
    tracks = {"formants": _glide_over(formants, FORMANT_GLIDE)}
    glides = {
        "voicing": VOICING_GLIDE,
        "zero": VOICING_GLIDE,
        "aspiration": NOISE_GLIDE,
        "frication": NOISE_GLIDE,
        "centre": 1,
        "width": 1,
    }
    for name, glide in glides.items():
        values = np.repeat([getattr(phase, name) for phase in phases], repeats)
        tracks[name] = _glide_over(values[:, None], glide)[:, 0]
    if len(formants) != count:
        raise ValueError(
            f"`pitch` needs one value a frame. Expected: {len(formants)} values. "
            f"Received: {count}. Use `frames(phases)[-1]` values."
        )
    return tracks


def _known_formants(phases: list[Phase]) -> np.ndarray:
    """`(phases, 3)`; where a phase leaves them open, the tongue is on its way already."""
    rows, following = [], PHONES["@"][0].formants
    for phase in reversed(phases):
        following = phase.formants or following
        rows.append(following)
    return np.array(rows[::-1], dtype=float)


def _glide_over(values: np.ndarray, width: int) -> np.ndarray:
    """Hann-weighted average of `(frames, tracks)` over `width` frames, ends held."""
    kernel = np.hanning(width + 2)[1:-1]
    padded = np.pad(values, ((width // 2, width // 2), (0, 0)), mode="edge")
    return np.stack(
        [np.convolve(track, kernel / kernel.sum(), "valid") for track in padded.T],
        axis=1,
    )


def _pulses(
    pitch: np.ndarray, quality: Quality, rng: np.random.Generator
) -> np.ndarray:
    """Derivative of the glottal flow at every sample, from F0 at every sample."""
    onsets = _onsets(pitch, quality.jitter, rng)
    heights = _decibels(quality.shimmer * rng.standard_normal(len(onsets)))
    time = np.arange(len(pitch) * OVERSAMPLE) / OVERSAMPLE
    cycle = np.searchsorted(onsets, time, side="right") - 1
    cycle = np.clip(cycle, 0, len(onsets) - 2)
    length = np.maximum(onsets[cycle + 1] - onsets[cycle], 1.0)
    flow = heights[cycle] * _flow((time - onsets[cycle]) / length / quality.opening)
    slope = np.diff(flow, prepend=0.0) * OVERSAMPLE * EDGE
    return resample_poly(slope, 1, OVERSAMPLE)


def _onsets(pitch: np.ndarray, jitter: float, rng: np.random.Generator) -> np.ndarray:
    """Where each glottal cycle starts, in samples: at whole turns of ∫ F0 dt."""
    turns = np.concatenate([[0.0], np.cumsum(pitch) / RATE])
    whole = np.arange(int(turns[-1]) + 2)
    # A cycle's length is a difference of two onsets, hence the root.
    moved = whole + jitter / np.sqrt(2) * rng.standard_normal(len(whole))
    onsets = np.interp(moved, turns, np.arange(len(turns)), right=len(turns))
    return np.maximum.accumulate(onsets)


def _flow(tau: np.ndarray) -> np.ndarray:
    """Glottal flow over the open share of a cycle, which is τ from 0 to 1.

    ½ (1 - cos(π τ / r)) while it rises, cos(½π (τ - r) / (1 - r)) while it falls.
    """
    tau, rise = np.clip(tau, 0.0, 1.0), 0.7
    opening = 0.5 - 0.5 * np.cos(np.pi * tau / rise)
    closing = np.cos(0.5 * np.pi * (tau - rise) / (1 - rise))
    return np.where(tau < rise, opening, closing)


def _tract(
    tracks: dict[str, np.ndarray], quality: Quality
) -> tuple[np.ndarray, np.ndarray]:
    """Numerator and denominator of the vocal tract, `(frames, taps)` each."""
    count = len(tracks["voicing"])
    upper = np.tile(UPPER_FORMANTS, (count, 1))
    formants = np.concatenate([tracks["formants"], upper], axis=1) * quality.tract
    pole = _tilt_pole(quality.tilt)
    below = np.tile([1 / (1 - pole), -pole / (1 - pole)], (count, 1))
    for index, bandwidth in enumerate(BANDWIDTHS):
        below = _multiply(below, _resonance(formants[:, index], bandwidth))
    nose = np.full(count, NASAL_POLE * quality.tract)
    above = _resonance(tracks["zero"] * quality.tract, 100.0)
    return above, _multiply(below, _resonance(nose, 100.0))


def _turbulence(
    tracks: dict[str, np.ndarray], quality: Quality
) -> tuple[np.ndarray, np.ndarray]:
    """Numerator and denominator of the band that a constriction lets pass."""
    centre = np.minimum(tracks["centre"] * quality.tract, 0.45 * RATE)
    below = _resonance(centre, tracks["width"])
    # Unit gain at the centre would starve narrow bands: they are given equal power.
    peak = 1 - np.exp(-np.pi * tracks["width"] / RATE)
    gain = peak * np.sqrt(RATE / tracks["width"])
    above = gain[:, None] * np.array([1.0, 0.0, -1.0])
    return above, below / below[:, :1]


def _resonance(frequency: np.ndarray, bandwidth: np.ndarray | float) -> np.ndarray:
    """Taps of 1 - 2r cos(θ) z⁻¹ + r² z⁻² over their sum, `(frames, 3)`: unit gain at DC."""
    radius = np.exp(-np.pi * np.asarray(bandwidth) / RATE) * np.ones_like(frequency)
    taps = np.stack(
        [
            np.ones_like(radius),
            -2 * radius * np.cos(2 * np.pi * frequency / RATE),
            radius**2,
        ],
        axis=1,
    )
    return taps / taps.sum(axis=1, keepdims=True)


def _tilt_pole(tilt: float) -> float:
    """Real pole p whose low-pass (1 - p)/(1 - p z⁻¹) attenuates 3 kHz by `tilt` dB."""
    power = 10 ** (-max(tilt, 1e-3) / 10)
    middle = 1 - power * np.cos(2 * np.pi * 3000 / RATE)
    return float((middle - np.sqrt(middle**2 - (1 - power) ** 2)) / (1 - power))


def _multiply(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Product of two polynomials a frame: `(frames, m)`, `(frames, n)` → `(…, m + n - 1)`."""
    product = np.zeros((len(left), left.shape[1] + right.shape[1] - 1))
    for lag in range(right.shape[1]):
        product[:, lag : lag + left.shape[1]] += left * right[:, lag : lag + 1]
    return product


def _filter(signal: np.ndarray, above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """`signal` through the time-varying filter `above / below`, in overlapping frames."""
    count = len(above)
    padded = np.concatenate([np.zeros(STEP), signal, np.zeros(STEP)])
    starts = np.arange(count + 1) * STEP
    window = np.sin(np.pi * np.arange(2 * STEP) / (2 * STEP)) ** 2
    pieces = padded[starts[:, None] + np.arange(2 * STEP)] * window
    response = np.fft.rfft(above, FFT) / np.fft.rfft(below, FFT)
    response = np.concatenate([response, response[-1:]])
    ringing = np.fft.irfft(np.fft.rfft(pieces, FFT) * response, FFT)
    output = np.zeros((count + 1) * STEP + FFT)
    for part in range(0, FFT, STEP):  # FFT / STEP additions of all frames at once
        block = ringing[:, part : part + STEP]
        rows = output[part : part + (count + 1) * STEP].reshape(count + 1, STEP)
        rows[:, : block.shape[1]] += block
    return output[STEP : STEP + len(signal)]


def _stretch(track: np.ndarray, samples: int) -> np.ndarray:
    """A track of frames at every sample, linear in between."""
    return np.interp(np.arange(samples), (np.arange(len(track)) + 0.5) * STEP, track)


def _decibels(level: np.ndarray | float) -> np.ndarray | float:
    return 10 ** (np.asarray(level) / 20)
