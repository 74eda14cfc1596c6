"""A source-filter speech synthesiser: phones, pitch and voice quality to waveforms.

A glottal pulse train (Rosenberg 1971) with jitter, shimmer and aspiration noise excites
a cascade of moving formant resonators (Klatt 1980). For bursts and fricatives, noise
excites a separate pair of poles. Every filter is applied in short overlapping frames,

    y = Σ_t h_t * (w_t x),    Σ_t w_t = 1,

where h_t is the impulse response of frame t and w_t is its window. Formants therefore
glide without clicks, and no Python loop runs over samples.

References:
    Rosenberg: Effect of glottal pulse shape on the quality of natural vowels.
        Journal of the Acoustical Society of America 49, 1971
    Klatt: Software for a cascade/parallel formant synthesizer. Journal of the
        Acoustical Society of America 67, 1980
"""

from dataclasses import dataclass

import numpy as np

from keras_ser.corpora.synthetic.phones import NASAL_POLE, PHONES, Phase

RATE = 16_000  # samples per second
STEP = 80  # samples between frames: 5 ms
FFT_SIZE = 1024  # a frame of 2 * STEP samples and 54 ms of ringing
OVERSAMPLE = 4  # the closure of the glottis is an edge, which would alias at RATE
SLOPE_GAIN = 30  # brings the derivative of the flow to about 1 at 150 Hz

# Formants of an adult male above the three that depend on the phone (Hz).
UPPER_FORMANTS = (3500.0, 4500.0, 5500.0, 6500.0)
BANDWIDTHS = (70.0, 90.0, 150.0, 200.0, 250.0, 350.0, 450.0)

# Duration of transitions in frames.
FORMANT_GLIDE = 15  # a movement of the tongue: 75 ms
VOICING_GLIDE = 5
NOISE_GLIDE = 3  # bursts have to stay sharp


@dataclass(frozen=True)
class Quality:
    """The voice quality of one utterance.

    Args:
        tract: Factor on all formants, about 1 for a man and 1.15 for a woman.
        tilt: Attenuation of the glottal source at 3 kHz, in dB, 0 or more.
        jitter: Standard deviation of the length of a cycle, relative to that length.
        shimmer: Standard deviation of the amplitude of a cycle, in dB.
        breath: Level of the aspiration noise during voicing, in dB re the pulses.
        opening: Fraction of a cycle in which the glottis is open, from 0.4 (pressed)
            to 0.8 (lax).
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
    """Synthesises the waveform of a sequence of phases.

    Args:
        phases: The phases, with durations in seconds.
        pitch: F0 in Hz, one value per frame of `STEP` samples; see `frame_edges`.
        level: Loudness in dB re a vowel at 0 dB, one value per frame.
        quality: Voice quality of the utterance.
        rng: Random generator for all noise.

    Returns:
        `(len(pitch) * STEP,)` samples at `RATE`, unscaled float64.
    """
    tracks = _tracks(phases, len(pitch))
    samples = len(pitch) * STEP
    pulses = _pulses(_stretch(pitch, samples), quality, rng)
    noise = rng.standard_normal(samples)
    # Breath is turbulence in the glottis, strongest where the flow changes most.
    swell = 0.4 + np.abs(pulses) / np.abs(pulses).max()
    breath = _decibels(quality.breath) * swell * noise
    gain = _stretch(_decibels(level), samples)
    voicing, aspiration, frication = (
        _stretch(tracks[name], samples) * gain
        for name in ("voicing", "aspiration", "frication")
    )
    source = voicing * (pulses + breath) + 0.2 * aspiration * noise
    voice = _filter(source, *_tract(tracks, quality))
    turbulence = _filter(
        frication * rng.standard_normal(samples), *_turbulence(tracks, quality)
    )
    return voice + 0.5 * turbulence


def frame_edges(phases: list[Phase]) -> np.ndarray:
    """Returns the first frame of every phase, then the number of frames.

    The shape is `(phases + 1,)`.
    """
    edges = np.concatenate([[0.0], np.cumsum([phase.seconds for phase in phases])])
    return np.round(edges * RATE / STEP).astype(int)


def _tracks(phases: list[Phase], count: int) -> dict[str, np.ndarray]:
    """Turns the targets of all phases into smooth tracks with one value per frame."""
    repeats = np.diff(frame_edges(phases))
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
            f"`pitch` needs one value per frame. Expected: {len(formants)} values. "
            f"Received: {count}. Use `frame_edges(phases)[-1]` values."
        )
    return tracks


def _known_formants(phases: list[Phase]) -> np.ndarray:
    """Returns all formants, `(phases, 3)`; open ones come from the next phase."""
    rows, following = [], PHONES["@"][0].formants
    for phase in reversed(phases):
        following = phase.formants or following
        rows.append(following)
    return np.array(rows[::-1], dtype=float)


def _glide_over(values: np.ndarray, width: int) -> np.ndarray:
    """Smooths `(frames, tracks)` by a Hann window of `width` frames, edges padded."""
    kernel = np.hanning(width + 2)[1:-1]
    padded = np.pad(values, ((width // 2, width // 2), (0, 0)), mode="edge")
    return np.stack(
        [np.convolve(track, kernel / kernel.sum(), "valid") for track in padded.T],
        axis=1,
    )


def _pulses(
    pitch: np.ndarray, quality: Quality, rng: np.random.Generator
) -> np.ndarray:
    """Computes the derivative of the glottal flow from F0, one value per sample."""
    from scipy.signal import resample_poly  # whose import takes a second

    onsets = _onsets(pitch, quality.jitter, rng)
    heights = _decibels(quality.shimmer * rng.standard_normal(len(onsets)))
    time = np.arange(len(pitch) * OVERSAMPLE) / OVERSAMPLE
    cycle = np.searchsorted(onsets, time, side="right") - 1
    cycle = np.clip(cycle, 0, len(onsets) - 2)
    length = np.maximum(onsets[cycle + 1] - onsets[cycle], 1.0)
    flow = heights[cycle] * _flow((time - onsets[cycle]) / length / quality.opening)
    slope = np.diff(flow, prepend=0.0) * OVERSAMPLE * SLOPE_GAIN
    return resample_poly(slope, 1, OVERSAMPLE)


def _onsets(pitch: np.ndarray, jitter: float, rng: np.random.Generator) -> np.ndarray:
    """Computes the starts of the glottal cycles, in samples: integers of ∫ F0 dt."""
    cycles = np.concatenate([[0.0], np.cumsum(pitch) / RATE])
    regular = np.arange(int(cycles[-1]) + 2)
    # The length of a cycle is a difference of two onsets, hence the square root.
    jittered = regular + jitter / np.sqrt(2) * rng.standard_normal(len(regular))
    onsets = np.interp(jittered, cycles, np.arange(len(cycles)), right=len(cycles))
    return np.maximum.accumulate(onsets)


def _flow(tau: np.ndarray) -> np.ndarray:
    """Computes the glottal flow over the open part of a cycle, where τ is 0 to 1.

    The flow is ½ (1 - cos(π τ / r)) while it rises, for τ < r, and
    cos(½π (τ - r) / (1 - r)) while it falls, with r = 0.7.
    """
    tau, rise = np.clip(tau, 0.0, 1.0), 0.7
    opening = 0.5 - 0.5 * np.cos(np.pi * tau / rise)
    closing = np.cos(0.5 * np.pi * (tau - rise) / (1 - rise))
    return np.where(tau < rise, opening, closing)


def _tract(
    tracks: dict[str, np.ndarray], quality: Quality
) -> tuple[np.ndarray, np.ndarray]:
    """Returns numerator and denominator of the vocal tract, each `(frames, taps)`."""
    count = len(tracks["voicing"])
    upper = np.tile(UPPER_FORMANTS, (count, 1))
    formants = np.concatenate([tracks["formants"], upper], axis=1) * quality.tract
    pole = _tilt_pole(quality.tilt)
    denominator = np.tile([1 / (1 - pole), -pole / (1 - pole)], (count, 1))
    for index, bandwidth in enumerate(BANDWIDTHS):
        denominator = _multiply(denominator, _resonance(formants[:, index], bandwidth))
    nose = np.full(count, NASAL_POLE * quality.tract)
    numerator = _resonance(tracks["zero"] * quality.tract, 100.0)
    return numerator, _multiply(denominator, _resonance(nose, 100.0))


def _turbulence(
    tracks: dict[str, np.ndarray], quality: Quality
) -> tuple[np.ndarray, np.ndarray]:
    """Returns numerator and denominator of the band-pass filter of a constriction."""
    centre = np.minimum(tracks["centre"] * quality.tract, 0.45 * RATE)
    denominator = _resonance(centre, tracks["width"])
    # Unit gain at the centre would make narrow bands weak, so all get equal power.
    peak = 1 - np.exp(-np.pi * tracks["width"] / RATE)
    gain = peak * np.sqrt(RATE / tracks["width"])
    numerator = gain[:, None] * np.array([1.0, 0.0, -1.0])
    return numerator, denominator / denominator[:, :1]


def _resonance(frequency: np.ndarray, bandwidth: np.ndarray | float) -> np.ndarray:
    """Returns taps of 1 - 2r cos(θ) z⁻¹ + r² z⁻² with unit sum, `(frames, 3)`."""
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
    """Returns the real pole p for which (1 - p)/(1 - p z⁻¹) attenuates 3 kHz.

    Args:
        tilt: Attenuation in dB.
    """
    power = 10 ** (-max(tilt, 1e-3) / 10)
    middle = 1 - power * np.cos(2 * np.pi * 3000 / RATE)
    return float((middle - np.sqrt(middle**2 - (1 - power) ** 2)) / (1 - power))


def _multiply(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Multiplies two polynomials per frame; coefficients are on the last axis."""
    product = np.zeros((len(left), left.shape[1] + right.shape[1] - 1))
    for lag in range(right.shape[1]):
        product[:, lag : lag + left.shape[1]] += left * right[:, lag : lag + 1]
    return product


def _filter(
    signal: np.ndarray, numerator: np.ndarray, denominator: np.ndarray
) -> np.ndarray:
    """Filters a signal by numerator / denominator, in overlapping frames."""
    count = len(numerator)
    padded = np.concatenate([np.zeros(STEP), signal, np.zeros(STEP)])
    starts = np.arange(count + 1) * STEP
    window = np.sin(np.pi * np.arange(2 * STEP) / (2 * STEP)) ** 2
    pieces = padded[starts[:, None] + np.arange(2 * STEP)] * window
    response = np.fft.rfft(numerator, FFT_SIZE) / np.fft.rfft(denominator, FFT_SIZE)
    response = np.concatenate([response, response[-1:]])
    ringing = np.fft.irfft(np.fft.rfft(pieces, FFT_SIZE) * response, FFT_SIZE)
    output = np.zeros((count + 1) * STEP + FFT_SIZE)
    for part in range(0, FFT_SIZE, STEP):  # each step adds all frames
        block = ringing[:, part : part + STEP]
        rows = output[part : part + (count + 1) * STEP].reshape(count + 1, STEP)
        rows[:, : block.shape[1]] += block
    return output[STEP : STEP + len(signal)]


def _stretch(track: np.ndarray, samples: int) -> np.ndarray:
    """Interpolates a track of frames linearly to one value per sample."""
    return np.interp(np.arange(samples), (np.arange(len(track)) + 0.5) * STEP, track)


def _decibels(level: np.ndarray | float) -> np.ndarray | float:
    return 10 ** (np.asarray(level) / 20)
