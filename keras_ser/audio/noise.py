"""Noise that is mixed into speech at a chosen signal-to-noise ratio (SNR)."""

import dataclasses
import functools
import hashlib
from typing import NamedTuple

import numpy as np
import pandas as pd

from keras_ser import audio

FRAME_SECONDS = 0.020
RANGE_DB = 40.0  # frames within this range below the loudest frame are speech
FADE_SECONDS = 0.050  # length of the cross-fade where a clip is repeated
MIN_RELATIVE_LEVEL = 1e-3  # of a clip's peak; quieter samples at its ends are padding
MAX_DRAWS = 50  # random segments that are tried before a clip counts as silent
ALL = "all"  # draws from every kind
DRAWN_FROM = ("utterance", "kind")  # fields of `Mixing` that decide clip and position

# Channel 1 of these environments is used from DEMAND: Latif et al. 2022, section 5.3.
DEMAND = ("DKITCHEN", "NPARK", "PCAFETER", "PSTATION", "STRAFFIC")
CHANNEL = "/ch01"


class Clip(NamedTuple):
    """A recording of noise, or a segment of one.

    `start` and `end` are in seconds; None stands for the recording's start or end.
    `kind` is what the noise is, `digest` the hash of the file's content.
    """

    kind: str
    file: str
    start: float | None
    end: float | None
    digest: str


def speech_power(wave: np.ndarray) -> float:
    r"""The mean power of the speech in a waveform, without its pauses.

    With P_k the mean square of the samples of frame k, 20 ms each, it is

        the mean of P_k over all k with P_k >= 10^-4 max P,

    that is, over the frames within 40 dB of the loudest one. An incomplete last frame
    does not count.

    Args:
        wave: Float array of shape `(samples,)` at 16 kHz.
    """
    size = min(round(FRAME_SECONDS * audio.RATE), len(wave))
    count = len(wave) // size
    frames = wave[: count * size].astype(np.float64).reshape(count, size)
    power = np.square(frames).mean(axis=1)
    return float(power[power >= 10 ** (-RANGE_DB / 10) * power.max()].mean())


def mix(wave: np.ndarray, noise: np.ndarray, snr: float) -> np.ndarray:
    r"""Adds noise to speech at a signal-to-noise ratio.

        x + g n,  g² = P(x) / (mean(n²) 10^(snr/10)),

    with P of `speech_power`. Nothing is clipped and the speech keeps its level. The
    sum may go beyond ±1, which front-ends accept. Scale it down before you write it
    to a file of integer samples.

    Args:
        wave: The speech, shape `(samples,)`.
        noise: The noise, of the same shape as `wave`.
        snr: The signal-to-noise ratio in dB.

    Returns:
        float32 array of shape `(samples,)`.
    """
    power = np.square(noise, dtype=np.float64).mean()
    gain = np.sqrt(speech_power(wave) / (power * 10 ** (snr / 10)))
    return (wave + gain * noise).astype(np.float32)


def draw_segment(
    noise: np.ndarray, samples: int, rng: np.random.Generator
) -> np.ndarray:
    """Returns `samples` samples of a clip from a random position.

    A clip that is shorter than that is repeated, see `loop`.
    """
    if len(noise) >= samples:
        first = rng.integers(len(noise) - samples + 1)
        return noise[first : first + samples]
    body = loop(noise)
    places = rng.integers(len(body)) + np.arange(samples)
    return body[places % len(body)]


def loop(noise: np.ndarray) -> np.ndarray:
    r"""Makes a clip that can follow itself without a click.

    The last 50 ms of the clip (or half of a clip shorter than 100 ms) fade out over
    its first 50 ms, and the result is shorter by as much. With n samples, f of them
    faded, and t = (k + 1) / (f + 1),

        y_k = sin(πt/2) x_k + cos(πt/2) x_(n-f+k)   for k < f,
        y_k = x_k                                   for f <= k < n - f.

    The squares of the two weights add up to 1, and so do the powers of two
    uncorrelated segments of noise: the cross-fade is as loud as the rest.
    """
    fade = min(round(FADE_SECONDS * audio.RATE), len(noise) // 2)
    angle = np.pi / 2 * (np.arange(fade) + 1) / (fade + 1)
    body = noise[: len(noise) - fade].copy()
    body[:fade] = np.sin(angle) * noise[:fade] + np.cos(angle) * noise[-fade or None :]
    return body


@dataclasses.dataclass(frozen=True)
class Mixing:
    """`mix` as a waveform transform with different noise for each utterance.

    The clip and the position in it are drawn from a hash of the utterance's name and
    the kind. Every system therefore gets the same noise, in any order and in any
    process, and so does every SNR: a curve over SNR compares levels of one noise.

    Args:
        clips: The clips to draw from. With kind `ALL`, the kind is drawn first and
            then one of its clips.
        kind: The kind of the noise, or `ALL`.
        snr: The signal-to-noise ratio in dB.
        utterance: The name of the utterance that the noise is mixed into.
    """

    clips: tuple[Clip, ...]
    kind: str
    snr: float
    utterance: str = ""

    def for_utterance(self, utterance: str) -> "Mixing":
        """Returns the transform of one utterance."""
        return dataclasses.replace(self, utterance=utterance)

    @property
    def key(self) -> str:
        drawn = seed_of(*(repr((c.kind, c.digest, c.start, c.end)) for c in self.clips))
        # The rule is part of the key, so that features under another one are not read.
        rule = " and ".join(DRAWN_FROM)
        ratio = float(self.snr)
        return f"noise={self.kind} by {rule} {ratio!r} {drawn} {self.utterance}"

    def __call__(self, wave: np.ndarray) -> np.ndarray:
        """Returns the waveform with noise, as long as before.

        Raises:
            ValueError: A clip cannot be read, or it is almost entirely silent.
        """
        seed = seed_of(*(getattr(self, name) for name in DRAWN_FROM))
        noise = self._draw_noise(len(wave), np.random.default_rng(seed))
        return mix(wave, noise, self.snr)

    def _draw_noise(self, samples: int, rng: np.random.Generator) -> np.ndarray:
        kinds = sorted({clip.kind for clip in self.clips})
        kind = kinds[rng.integers(len(kinds))]
        clips = [clip for clip in self.clips if clip.kind == kind]
        clip = clips[rng.integers(len(clips))]
        noise = _read(clip)
        least = 10 ** (-RANGE_DB / 10) * np.square(noise, dtype=np.float64).mean()
        for _ in range(MAX_DRAWS):
            found = draw_segment(noise, samples, rng)
            if np.square(found, dtype=np.float64).mean() > least:
                return found
        raise ValueError(
            "Expected noise without long silences. Received: "
            f"{clip.file}, of which {MAX_DRAWS} random segments of "
            f"{samples / audio.RATE:.2f} s are all more than {RANGE_DB:g} dB below its "
            "mean power. Remove the file from the noise corpus, or cut out its "
            "silence."
        )


def clips(table: pd.DataFrame, kind: str = ALL) -> tuple[Clip, ...]:
    """Returns the recordings of one kind of noise, sorted by utterance name.

    Args:
        table: The table of a corpus of noise, whose column `session` is the kind. Of
            DEMAND, only channel 1 of the environments in `DEMAND` is used.
        kind: One of the table's kinds, or `ALL`.

    Raises:
        ValueError: The table has no such kind, a kind has a name that no condition can
            have, or an environment of DEMAND is missing.
    """
    rows = _select_recordings(table).sort_values("utterance")
    kinds = sorted(set(rows.session))
    wrong = [each for each in kinds if each == ALL or ":" in each]
    if wrong:
        raise ValueError(
            f"Kinds of noise must not be called {ALL!r}, which stands for every kind, "
            f"nor have a colon. Received: {wrong}. Rename these folders."
        )
    if kind not in (ALL, *kinds):
        raise ValueError(
            f"Noise must be of one of the kinds {kinds}, or {ALL!r}. "
            f"Received: {kind!r}."
        )
    return tuple(
        Clip(
            row.session,
            row.file,
            _none_if_nan(row.start),
            _none_if_nan(row.end),
            row.digest,
        )
        for row in rows.itertuples()
        if kind in (ALL, row.session)
    )


def noise_kinds(table: pd.DataFrame) -> tuple[str, ...]:
    """Returns the kinds of noise in a table, sorted."""
    return tuple(sorted({clip.kind for clip in clips(table)}))


def fingerprint(table: pd.DataFrame | None) -> dict[str, str | list[str]]:
    """Describes the noise of a run, so that another noise can be told from it.

    Args:
        table: The table of the noise, or None.

    Returns:
        `noise`, a hash of the clips, and `noise_drawn_from`, on what the choice of a
        clip and of the position in it depends; empty without a table. The hash does
        not depend on the order of the rows or on the paths of the files.
    """
    if table is None:
        return {}
    words = "\n".join(repr((clip.kind, *clip[2:])) for clip in sorted(clips(table)))
    digest = hashlib.blake2b(words.encode(), digest_size=16).hexdigest()
    return {"noise": digest, "noise_drawn_from": [*DRAWN_FROM]}


def seed_of(*words) -> int:
    """Returns a 31-bit seed that is a function of `words` in any process."""
    digest = hashlib.blake2b(repr(words).encode(), digest_size=4).digest()
    return int.from_bytes(digest, "little") >> 1


def _select_recordings(table: pd.DataFrame) -> pd.DataFrame:
    """All rows, but of DEMAND only channel 1 of the environments in `DEMAND`."""
    of_demand = table.corpus == "demand"
    if not of_demand.any():
        return table
    first = of_demand & table.utterance.str.endswith(CHANNEL)
    absent = sorted(set(DEMAND) - set(table.session[first]))
    if absent:
        raise ValueError(
            f"Corpus `demand` needs channel 1 of {', '.join(DEMAND)}. Received: a "
            f"folder without {', '.join(absent)}. Complete the folder, or read it as "
            "corpus `noise`."
        )
    return table[first & table.session.isin(DEMAND) | ~of_demand]


def _none_if_nan(seconds: float) -> float | None:
    return None if np.isnan(seconds) else float(seconds)


@functools.lru_cache(maxsize=8)  # each five-minute recording of DEMAND takes 19 MB
def _read(clip: Clip) -> np.ndarray:
    """Reads a clip at the rate of speech, without the silence at its ends."""
    try:
        wave = audio.read(clip.file, clip.start, clip.end, digest=clip.digest)
    except FileNotFoundError as error:  # the noise is missing, not the speech
        raise ValueError(str(error)) from error
    level = np.abs(wave)
    loud = np.flatnonzero(level > MIN_RELATIVE_LEVEL * level.max())
    return wave[loud[0] : loud[-1] + 1]
