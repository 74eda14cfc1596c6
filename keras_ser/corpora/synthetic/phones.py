"""Articulatory targets of each phone, for the synthesiser in `voice`.

Vowels are close to the male averages of Peterson and Barney (1952). Consonants follow
the places of articulation in Klatt (1980).

References:
    Peterson, Barney: Control methods used in a study of the vowels. Journal of the
        Acoustical Society of America 24, 1952
    Klatt: Software for a cascade/parallel formant synthesizer. Journal of the
        Acoustical Society of America 67, 1980
"""

from typing import NamedTuple

NASAL_POLE = 270.0  # Hz


class Phase(NamedTuple):
    """A period of constant targets. A phone consists of one or more phases.

    Args:
        seconds: Duration.
        formants: The first three formants of an adult male in Hz, or `None` if the
            next phone determines them.
        voicing, aspiration, frication: Amplitudes relative to a vowel.
        centre, width: Centre frequency and bandwidth of the turbulence in Hz.
        zero: Antiresonance of the nose in Hz. At `NASAL_POLE`, it cancels the pole.
    """

    seconds: float
    formants: tuple[float, float, float] | None
    voicing: float = 0.0
    aspiration: float = 0.0
    frication: float = 0.0
    centre: float = 2500.0
    width: float = 2000.0
    zero: float = NASAL_POLE


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
) -> tuple[Phase, ...]:
    seconds, voicing = (0.070, 0.3) if voiced else (0.105, 0.0)
    return (Phase(seconds, (330.0, f2, 2550.0), voicing, 0.0, level, centre, width),)


def _stop(
    f2: float, f3: float, centre: float, level: float, voiced: bool
) -> tuple[Phase, ...]:
    place = (250.0, f2, f3)
    burst = {"frication": level, "centre": centre, "width": 1800.0}
    if voiced:  # a murmur during the closure, then a weak burst
        return (
            Phase(0.050, place, voicing=0.12),
            Phase(0.010, place, voicing=0.5, **burst),
        )
    return (
        Phase(0.065, place),
        Phase(0.012, place, **burst),
        Phase(0.025, None, aspiration=0.35),
    )


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
