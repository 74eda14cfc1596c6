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
"""

from dataclasses import dataclass

import numpy as np
from scipy.signal import resample_poly

from keras_ser.corpora.synthetic.phones import NASAL_POLE, PHONES, Phase

RATE = 16_000  # samples a second
STEP = 80  # samples between frames: 5 ms
FFT = 1024  # a frame of 2 * STEP samples and 54 ms of ringing
OVERSAMPLE = 4  # the closure of the glottis is an edge, which would alias at RATE
EDGE = 30  # samples; brings the flow's derivative to about 1 at 150 Hz

# What an adult male tract adds above the three formants that a phone chooses (Hz).
UPPER_FORMANTS = (3500.0, 4500.0, 5500.0, 6500.0)
BANDWIDTHS = (70.0, 90.0, 150.0, 200.0, 250.0, 350.0, 450.0)

FORMANT_GLIDE = 15  # frames that a movement of the tongue takes: 75 ms
VOICING_GLIDE = 5
NOISE_GLIDE = 3  # bursts have to stay sharp


@dataclass(frozen=True)
class Quality:
    """How a voice sounds during one utterance.

    Args:
        tract: factor on all formants; about 1 for a man, 1.15 for a woman.
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
    """`(phases, 3)`: those of the next phase where one leaves them open."""
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
    """1 - 2r cos(θ) z⁻¹ + r² z⁻² over its value at DC: taps, `(frames, 3)`."""
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
    """Product of two polynomials a frame: orders add up along the last axis."""
    product = np.zeros((len(left), left.shape[1] + right.shape[1] - 1))
    for lag in range(right.shape[1]):
        product[:, lag : lag + left.shape[1]] += left * right[:, lag : lag + 1]
    return product


def _filter(signal: np.ndarray, above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """`signal` through the moving filter `above / below`, in overlapping frames."""
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
