"""Noise mixed into speech at a chosen signal-to-noise ratio."""

import dataclasses
import functools
import hashlib
from typing import NamedTuple

import numpy as np
import pandas as pd

from keras_ser import audio

FRAME = 0.020  # seconds
RANGE = 40.0  # dB below the loudest frame, within which a frame is speech
FADE = 0.050  # seconds of the cross-fade where a clip is repeated
SOFTEST = 1e-3  # of a clip's peak; softer samples at its ends are padding
DRAWS = 50  # of a stretch that sounds
ALL = "all"  # kinds

# Channel 1 of these is mixed in from DEMAND: Latif et al. 2022, section 5.3.
DEMAND = ("DKITCHEN", "NPARK", "PCAFETER", "PSTATION", "STRAFFIC")
CHANNEL = "/ch01"


class Clip(NamedTuple):
    """A recording of noise, or a segment of one (seconds, None for its ends)."""

    kind: str
    file: str
    start: float | None
    end: float | None
    digest: str


def speech_power(wave: np.ndarray) -> float:
    r"""Mean power of the speech in a waveform, without its pauses.

    With P_k the mean square of the samples of frame k, 20 ms each,

        mean of P_k over all k with P_k >= 10^-4 max P,

    which are the frames within 40 dB of the loudest. A last frame that is not full
    does not count.

    Args:
        wave: `(samples,)`.
    """
    size = min(round(FRAME * audio.RATE), len(wave))
    count = len(wave) // size
    frames = wave[: count * size].astype(np.float64).reshape(count, size)
    power = np.square(frames).mean(axis=1)
    return float(power[power >= 10 ** (-RANGE / 10) * power.max()].mean())


def mixed(wave: np.ndarray, noise: np.ndarray, snr: float) -> np.ndarray:
    r"""Speech with noise at a signal-to-noise ratio.

        x + g n,  g² = P(x) / (mean(n²) 10^(snr/10)),

    with P of `speech_power`. Nothing is clipped and the speech keeps its level: the
    sum is float and may go beyond ±1, as the front-ends may see it; to write it to a
    file of whole numbers, scale it down first.

    Args:
        wave, noise: `(samples,)`, as long as each other.
        snr: dB.

    Returns:
        float32 `(samples,)`.
    """
    power = np.square(noise, dtype=np.float64).mean()
    gain = np.sqrt(speech_power(wave) / (power * 10 ** (snr / 10)))
    return (wave + gain * noise).astype(np.float32)


def stretch(noise: np.ndarray, samples: int, rng: np.random.Generator) -> np.ndarray:
    """So many samples of a clip from a random place; short clips are repeated."""
    if len(noise) >= samples:
        first = rng.integers(len(noise) - samples + 1)
        return noise[first : first + samples]
    body = loop(noise)
    places = rng.integers(len(body)) + np.arange(samples)
    return body[places % len(body)]


def loop(noise: np.ndarray) -> np.ndarray:
    r"""A clip that can follow itself without a click.

    Its last 50 ms (of a short clip, half of it) fade out over its first, so that it
    becomes that much shorter. Of n samples, f of them faded, and t = (k + 1) / (f + 1),

        y_k = sin(πt/2) x_k + cos(πt/2) x_(n-f+k)   for k < f,
        y_k = x_k                                   for f <= k < n - f.

    Squares of the weights add up to 1: so do the powers of two stretches of noise.
    """
    fade = min(round(FADE * audio.RATE), len(noise) // 2)
    angle = np.pi / 2 * (np.arange(fade) + 1) / (fade + 1)
    body = noise[: len(noise) - fade].copy()
    body[:fade] = np.sin(angle) * noise[:fade] + np.cos(angle) * noise[-fade or None :]
    return body


@dataclasses.dataclass(frozen=True)
class Mixing:
    """`mixed` as a waveform transform, which is another one for each utterance.

    Clip and place are drawn from a hash of the utterance's name, the kind and the
    ratio: equal for every system, in any order and process.

    Args:
        clips: to draw from; of `ALL` kinds, first the kind is drawn, then its clip.
        kind: of the noise, or `ALL`.
        snr: dB.
        utterance: that the noise is mixed into.
    """

    clips: tuple[Clip, ...]
    kind: str
    snr: float
    utterance: str = ""

    def of(self, utterance: str) -> "Mixing":
        """The transform of one utterance."""
        return dataclasses.replace(self, utterance=utterance)

    @property
    def key(self) -> str:
        drawn = seed_of(*(repr((c.kind, c.digest, c.start, c.end)) for c in self.clips))
        return f"noise={self.kind} {float(self.snr)!r} {drawn} {self.utterance}"

    def __call__(self, wave: np.ndarray) -> np.ndarray:
        """The waveform with noise, as long as it was.

        Raises:
            ValueError: a clip cannot be read, or is all but silent.
        """
        seed = seed_of(self.utterance, self.kind, float(self.snr))
        noise = self._noise(len(wave), np.random.default_rng(seed))
        return mixed(wave, noise, self.snr)

    def _noise(self, samples: int, rng: np.random.Generator) -> np.ndarray:
        kinds = sorted({clip.kind for clip in self.clips})
        kind = kinds[rng.integers(len(kinds))]
        clips = [clip for clip in self.clips if clip.kind == kind]
        clip = clips[rng.integers(len(clips))]
        noise = _read(clip)
        least = 10 ** (-RANGE / 10) * np.square(noise, dtype=np.float64).mean()
        for _ in range(DRAWS):
            found = stretch(noise, samples, rng)
            if np.square(found, dtype=np.float64).mean() > least:
                return found
        raise ValueError(
            f"Noise must sound for as long as speech does. Received: {clip.file}, of "
            f"which {DRAWS} stretches of {samples / audio.RATE:.2f} s are more than "
            f"{RANGE:g} dB below its mean. Remove it from the noise, or cut it."
        )


def clips(table: pd.DataFrame, kind: str = ALL) -> tuple[Clip, ...]:
    """The recordings of a kind of noise, in the order of their names.

    Args:
        table: of a corpus of noise; `session` is the kind. Of DEMAND, channel 1 of
            the environments of `DEMAND`.
        kind: of them, or `ALL`.

    Raises:
        ValueError: there is no such kind, or one of DEMAND's is absent.
    """
    rows = _chosen(table).sort_values("utterance")
    kinds = sorted(set(rows.session))
    if kind not in (ALL, *kinds):
        raise ValueError(
            f"Noise must be of one of the kinds {kinds}, or {ALL!r}. "
            f"Received: {kind!r}."
        )
    return tuple(
        Clip(row.session, row.file, _bound(row.start), _bound(row.end), row.digest)
        for row in rows.itertuples()
        if kind in (ALL, row.session)
    )


def kinds_of(table: pd.DataFrame) -> tuple[str, ...]:
    """The kinds of noise that a table holds."""
    return tuple(sorted({clip.kind for clip in clips(table)}))


def fingerprint(table: pd.DataFrame | None) -> dict[str, str]:
    """`{"noise": a hash}` of a table's clips, in any order; empty without a table."""
    if table is None:
        return {}
    words = "\n".join(repr((clip.kind, *clip[2:])) for clip in sorted(clips(table)))
    return {"noise": hashlib.blake2b(words.encode(), digest_size=16).hexdigest()}


def seed_of(*words) -> int:
    """A seed of 31 bits that is a function of these words."""
    digest = hashlib.blake2b(repr(words).encode(), digest_size=4).digest()
    return int.from_bytes(digest, "little") >> 1


def _chosen(table: pd.DataFrame) -> pd.DataFrame:
    of_demand = table.corpus == "demand"
    if not of_demand.any():
        return table
    first = of_demand & table.utterance.str.endswith(CHANNEL)
    absent = sorted(set(DEMAND) - set(table.session[first]))
    if absent:
        raise ValueError(
            f"Corpus `demand` needs channel 1 of {', '.join(DEMAND)}. Received: it "
            f"without {', '.join(absent)}. Complete the folder, or read it as corpus "
            "`noise`."
        )
    return table[first & table.session.isin(DEMAND) | ~of_demand]


def _bound(seconds: float) -> float | None:
    return None if np.isnan(seconds) else float(seconds)


@functools.lru_cache(maxsize=8)  # DEMAND's five minutes are 19 MB each
def _read(clip: Clip) -> np.ndarray:
    """A clip at the rate of speech, without the silence that pads it."""
    try:
        wave = audio.read(clip.file, clip.start, clip.end, digest=clip.digest)
    except FileNotFoundError as error:  # of the noise, not of the speech
        raise ValueError(str(error)) from error
    level = np.abs(wave)
    loud = np.flatnonzero(level > SOFTEST * level.max())
    return wave[loud[0] : loud[-1] + 1]
