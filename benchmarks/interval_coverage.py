"""Coverage of 95 % intervals and false positives of tests at 5 %, by simulation.

Speakers, trainings and utterances are drawn from a population whose UAR (unweighted
average recall) is known. The design is like EMO-DB with four classes: about 34
utterances per speaker, and more of one class or speaker than of another. The log-odds
that a system recognises an utterance are a sum of effects of the class, the speaker,
the speaker under this system, and the utterance. In a crossed design, each training is
tested on all speakers and has an effect of its own. The intervals are those of
`keras_ser.scores`, computed for many simulations at once.

Command: python benchmarks/interval_coverage.py [--simulations 10000] [--seed 0]
Cost: about two minutes on one core.
"""

import argparse
import itertools
import math
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import tables
from scipy.special import stdtrit

from keras_ser import scores
from keras_ser.scores.bootstrap import draw_units

LEVEL = 0.95
WIDTH = 90  # of the lines of text
DRAWS = 2000  # of a bootstrap, with seed 0, which are the defaults of `scores`
AT_ONCE = 200  # simulations, to bound the memory

# Anger, happiness, neutral, sadness: EMO-DB's utterances per speaker.
UTTERANCES = np.array([12.7, 7.1, 7.9, 6.2])
# Spread of the speakers' numbers of utterances, relative to their mean.
ALIKE, UNEQUAL = 0.2, 0.8
LOG_ODDS = np.array([2.7, 1.1, 1.8, 2.2])  # of a hit of the first system
SHIFTS = (0.0, 0.0, -0.8)  # of three systems: two are equal, and one is worse
# Standard deviations of the effects on the log-odds.
SPEAKER, SPEAKER_CLASS, UTTERANCE = 0.45, 0.6, 1.0
SYSTEM_SPEAKER, SYSTEM_SPEAKER_CLASS = 0.25, 0.5
TRAINING, TRAINING_CLASS, TRAINING_SPEAKER = 0.15, 0.4, 0.2
OF_SPEAKERS = (SPEAKER, SPEAKER_CLASS, SYSTEM_SPEAKER, SYSTEM_SPEAKER_CLASS, UTTERANCE)
OF_TRAININGS = (TRAINING, TRAINING_CLASS)

SPEAKERS = (3, 4, 6, 10, 24)
RESIDUAL_SPEAKERS = (6, 10)
RESIDUALS = ("leaving out", "linear", "contribution")
TESTED_SPEAKERS = (6, 10, 24)
CROSSED = ((8, 5), (24, 3), (24, 5), (24, 10))  # speakers and trainings
TESTED_CROSSED = ((8, 5), (24, 5))
SCALES = (0, 1, 3)  # of the effects of trainings
SCALED_CROSSED = ((3, 5), (24, 5))
QUANTITIES = {  # systems whose UARs are subtracted
    "UAR": (0, None),
    "ΔUAR, true value 0": (0, 1),
    "ΔUAR, true value 11": (0, 2),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulations", type=int, default=10_000, help="per design")
    parser.add_argument("--seed", type=int, default=0, help="seed of the simulations")
    options = parser.parse_args()
    print(report(options.simulations, options.seed))


def report(simulations: int, seed: int) -> str:
    """The population and all tables, as Markdown."""
    rng = np.random.default_rng(seed)
    parts = [
        describe_population(rng),
        "Coverage in % if each speaker has a training of their own. In brackets: half "
        "the mean width in points.",
        single_table(simulations, rng),
        "Coverage in % of t intervals from three residuals. Sizes are the standard "
        "deviation of the speakers' numbers of utterances, relative to their mean.",
        residual_table(simulations, rng),
        "Coverage in % if each training is tested on all speakers. The last column is "
        "about the UARs of the trainings at hand, and the others about all trainings.",
        crossed_table(simulations, rng),
        "Two equal systems that have p ≤ 0.05, in %.",
        rejection_table(simulations, rng),
        "Two equal systems that have p ≤ 0.05 by the two-way t, in %, if the effects "
        "of trainings are as many times those above.",
        scaled_table(simulations, np.random.default_rng([seed, 1])),
        describe_confined(simulations, np.random.default_rng([seed, 2])),
        describe_error(simulations),
    ]
    return "\n\n".join(map(wrap, parts))


def wrap(part: str) -> str:
    return part if part.startswith("|") else textwrap.fill(part, WIDTH)


# === Population ===


@dataclass(frozen=True)
class Sample:
    """Simulated tests of all systems, and the scores that they estimate.

    Attributes:
        size: Utterances, `(simulations, speakers, classes)`.
        hits: Recognised utterances,
            `(systems, simulations, speakers, trainings, classes)`.
        fixed: UARs of these very trainings over all speakers that there could be,
            `(systems, simulations)`.
    """

    size: np.ndarray
    hits: np.ndarray
    fixed: np.ndarray


def draw_samples(
    simulations, speakers, trainings, rng, spread=ALIKE, scale=1
) -> Iterator:
    """Simulations in several parts; without effects of training if `trainings` is 1."""
    for start in range(0, simulations, AT_ONCE):
        count = min(AT_ONCE, simulations - start)
        yield draw_sample(count, speakers, trainings, rng, spread, scale)


def draw_sample(
    simulations, speakers, trainings, rng, size_spread=ALIKE, scale=1
) -> Sample:
    scale = scale * (trainings > 1)  # of the effects of trainings
    by_training, each = draw_trainings(simulations, speakers, trainings, rng, scale)
    log_odds = draw_speakers(simulations, speakers, rng) + by_training + each
    size = draw_sizes(simulations, speakers, rng, size_spread)
    spread = math.hypot(*OF_SPEAKERS, TRAINING_SPEAKER * scale)
    fixed = mean_hits(LOG_ODDS + shifts() + by_training, spread).mean(axis=(2, 3, 4))
    return Sample(size, draw_hits(log_odds, size, rng), fixed)


def shifts() -> np.ndarray:
    """The systems' shifts, `(systems, 1, 1, 1, 1)`."""
    return np.reshape(SHIFTS, (-1, 1, 1, 1, 1))


def draw_speakers(simulations, speakers, rng) -> np.ndarray:
    """Log-odds of a hit, `(systems, simulations, speakers, 1, classes)`."""
    classes = len(LOG_ODDS)

    def normal(std, systems, classes):
        return std * rng.normal(size=(systems, simulations, speakers, 1, classes))

    both = normal(SPEAKER, 1, 1) + normal(SPEAKER_CLASS, 1, classes)
    own = normal(SYSTEM_SPEAKER, len(SHIFTS), 1)
    own = own + normal(SYSTEM_SPEAKER_CLASS, len(SHIFTS), classes)
    return LOG_ODDS + shifts() + both + own


def draw_trainings(simulations, speakers, trainings, rng, scale) -> tuple:
    """Effects of trainings, overall and on each speaker."""
    systems, classes = len(SHIFTS), len(LOG_ODDS)

    def normal(std, speakers, classes):
        size = (systems, simulations, speakers, trainings, classes)
        return std * scale * rng.normal(size=size)

    own = normal(TRAINING, 1, 1) + normal(TRAINING_CLASS, 1, classes)
    return own, normal(TRAINING_SPEAKER, speakers, 1)


def draw_sizes(simulations, speakers, rng, spread=ALIKE) -> np.ndarray:
    """Numbers of utterances, `(simulations, speakers, classes)`; one at least."""
    shape = spread**-2
    factor = rng.gamma(shape, 1 / shape, size=(simulations, speakers, 1))
    return np.maximum(rng.poisson(UTTERANCES * factor), [1, 0, 0, 0])


def draw_hits(log_odds, size, rng) -> np.ndarray:
    """Numbers of recognised utterances, in the shape of the log-odds.

    An utterance is as hard for all systems and trainings.
    """
    exists = np.arange(size.max()) < size[..., np.newaxis]
    effect = UTTERANCE * rng.normal(size=exists.shape)
    exists, effect = exists[:, :, np.newaxis], effect[:, :, np.newaxis]
    hits = np.empty(log_odds.shape)
    for system, own in enumerate(log_odds):  # (…, speakers, trainings, classes)
        chance = sigmoid(own[..., np.newaxis] + effect)
        hits[system] = np.sum((rng.random(chance.shape) < chance) & exists, axis=-1)
    return hits


def mean_hits(log_odds, spread) -> np.ndarray:
    """Mean probability of a hit if normal effects of this spread are added."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    chances = sigmoid(log_odds[..., np.newaxis] + spread * nodes)
    return chances @ weights / weights.sum()


def true_uars(trainings) -> np.ndarray:
    """UARs of the systems over all speakers and trainings, `(systems, 1)`."""
    effects = OF_SPEAKERS
    if trainings > 1:
        effects = (*effects, *OF_TRAININGS, TRAINING_SPEAKER)
    return mean_hits(LOG_ODDS + shifts(), math.hypot(*effects)).mean(axis=(2, 3, 4))


def sigmoid(x) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


# === Intervals ===


def pooled(gain, size) -> np.ndarray:
    """UARs, or their differences, of all speakers and trainings, `(simulations,)`.

    Args:
        gain: Hits, or their differences between two systems, of shape
            `(simulations, speakers, trainings, classes)`.
        size: Utterances, `(simulations, speakers, classes)`.
    """
    rows = size.sum(axis=1) * gain.shape[2]
    return np.mean(gain.sum(axis=(1, 2)) / rows, axis=-1)


def residuals(gain, size, kind="leaving out") -> np.ndarray:
    """What each group adds to the pooled score, `(simulations, groups)`.

    Args:
        gain: As in `pooled`, of shape `(simulations, groups, classes)`.
        size: Utterances of the same shape.
        kind: One of `RESIDUALS`.
    """
    rows, total = (each.sum(axis=1, keepdims=True) for each in (size, gain))
    if kind == "contribution":
        parts = np.mean(gain / rows, axis=-1)
        return parts - parts.mean(axis=1, keepdims=True)
    excess = gain - total / rows * size
    others = rows - size if kind == "leaving out" else rows
    return np.mean(np.where(others > 0, excess / np.maximum(others, 1), 0), axis=-1)


def variance(gain, size, kind="leaving out") -> np.ndarray:
    """Variances from the residuals of groups, `(simulations,)`."""
    groups = size.shape[1]
    factor = (groups - 1) / groups
    factor = factor if kind == "leaving out" else 1 / factor
    return factor * np.sum(residuals(gain, size, kind) ** 2, axis=1)


def t_reach(gain, size, kind="leaving out", two_way=False) -> np.ndarray:
    """Half widths of t intervals, `(simulations,)`."""
    speakers, trainings = gain.shape[1:3]
    spread = variance(gain.sum(axis=2), size * trainings, kind)
    if not two_way:
        return stdtrit(speakers - 1, (1 + LEVEL) / 2) * np.sqrt(spread)
    rows = np.broadcast_to(size[:, :, np.newaxis], gain.shape)
    other = variance(gain.sum(axis=1), rows.sum(axis=1))
    pairs = (len(gain), speakers * trainings, -1)
    both = spread + other - variance(gain.reshape(pairs), rows.reshape(pairs))
    spread = np.maximum(both, np.maximum(spread, other))
    freedom = min(speakers, trainings) - 1
    return stdtrit(freedom, (1 + LEVEL) / 2) * np.sqrt(spread)


def t_limits(gain, size, kind="leaving out", two_way=False) -> np.ndarray:
    """t intervals, `(2, simulations)`."""
    score, reach = pooled(gain, size), t_reach(gain, size, kind, two_way)
    return np.stack([score - reach, score + reach])


def bootstrap_limits(gain, size, two_way=False) -> np.ndarray:
    """Percentile intervals, `(2, simulations)`, over speakers or also trainings."""
    rng = np.random.default_rng(0)
    speakers, trainings = gain.shape[1:3]
    taken = draw_units(speakers, DRAWS, rng)
    together = np.ones((DRAWS, trainings))
    if two_way:
        together = draw_units(trainings, DRAWS, rng)
    hits = np.tensordot(gain, taken, axes=(1, 1))  # (…, trainings, classes, draws)
    hits = np.einsum("stkb,bt->skb", hits, together)
    rows = np.tensordot(size.astype(float), taken, axes=(1, 1)) * trainings
    recall = np.where(rows > 0, hits / np.maximum(rows, 1), np.nan)
    tails = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    return np.quantile(np.nanmean(recall, axis=1), tails, axis=1)


# === Tables ===


class Tally:
    """Counts how often intervals hold the true value, and how wide they are."""

    def __init__(self):
        self.held, self.widths = [], []

    def add(self, limits, true) -> None:
        self.held.append((limits[0] <= true) & (true <= limits[1]))
        self.widths.append(limits[1] - limits[0])

    def __str__(self) -> str:
        held = 100 * np.mean(np.concatenate(self.held))
        half = 50 * np.mean(np.concatenate(self.widths))
        return f"{held:.1f} (±{half:.1f})"


def take(values, systems) -> np.ndarray:
    """The first system's values, minus those of the second if there is one."""
    first, second = systems
    return values[first] if second is None else values[first] - values[second]


def single_table(simulations, rng) -> str:
    """Coverage if each speaker is tested with a training of their own."""
    rows = {}
    for speakers in SPEAKERS:
        cells = {name: (Tally(), Tally()) for name in QUANTITIES}
        for drawn in draw_samples(simulations, speakers, 1, rng):
            for name, systems in QUANTITIES.items():
                gain, true = take(drawn.hits, systems), take(true_uars(1), systems)
                cells[name][0].add(bootstrap_limits(gain, drawn.size), true)
                cells[name][1].add(t_limits(gain, drawn.size), true)
        rows.update({(name, speakers): cells[name] for name in QUANTITIES})
    return format_cells(["quantity", "speakers", "bootstrap", "t"], rows)


def residual_table(simulations, rng) -> str:
    """Coverage of t intervals from other residuals, with speakers of unequal sizes."""
    rows = {}
    for spread, speakers in itertools.product((ALIKE, UNEQUAL), RESIDUAL_SPEAKERS):
        cells = {name: [Tally() for _ in RESIDUALS] for name in QUANTITIES}
        for drawn in draw_samples(simulations, speakers, 1, rng, spread):
            for name, systems in QUANTITIES.items():
                gain, true = take(drawn.hits, systems), take(true_uars(1), systems)
                for tally, kind in zip(cells[name], RESIDUALS, strict=True):
                    tally.add(t_limits(gain, drawn.size, kind), true)
        sizes = f"±{100 * spread:.0f} %"
        rows.update({(name, sizes, speakers): cells[name] for name in QUANTITIES})
    return format_cells(["quantity", "sizes", "speakers", *RESIDUALS], rows)


def crossed_table(simulations, rng) -> str:
    """Coverage if each training is tested on all speakers."""
    rows = {}
    for speakers, trainings in CROSSED:
        cells = {name: [Tally() for _ in range(4)] for name in list(QUANTITIES)[:2]}
        for drawn in draw_samples(simulations, speakers, trainings, rng):
            for name, tallies in cells.items():
                add_crossed(tallies, drawn, QUANTITIES[name], trainings)
        rows.update({(n, speakers, trainings): tallies for n, tallies in cells.items()})
    header = ["quantity", "speakers", "trainings", "two-way bootstrap", "two-way t"]
    return format_cells([*header, "t over speakers", "of these trainings"], rows)


def add_crossed(tallies, drawn, systems, trainings) -> None:
    gain, true = take(drawn.hits, systems), take(true_uars(trainings), systems)
    over_speakers = t_limits(gain, drawn.size)
    tallies[0].add(bootstrap_limits(gain, drawn.size, two_way=True), true)
    tallies[1].add(t_limits(gain, drawn.size, two_way=True), true)
    tallies[2].add(over_speakers, true)
    tallies[3].add(over_speakers, take(drawn.fixed, systems))


def format_cells(header, rows) -> str:
    """A table of tallies, with the rows of one quantity together."""
    names = list(QUANTITIES)
    order = sorted(rows, key=lambda row: names.index(row[0]))
    return tables.format_table(header, [(*row, *rows[row]) for row in order])


def rejection_table(simulations, rng) -> str:
    """How often tests find a difference between two equal systems."""
    flips, both = "sign flips of contributions", "two-way t"
    rows = []
    for speakers in TESTED_SPEAKERS:
        drawn = draw_samples(simulations, speakers, 1, rng)
        rejected = np.concatenate([flips_reject(each) for each in drawn])
        rows.append((flips, speakers, "one per speaker", rejected))
    for speakers, trainings in TESTED_CROSSED:
        drawn = draw_samples(simulations, speakers, trainings, rng)
        pairs = [(two_way_rejects(each), flips_reject(each)) for each in drawn]
        rejected, blind = map(np.concatenate, zip(*pairs, strict=True))
        rows.append((both, speakers, trainings, rejected))
        rows.append((f"{flips}, over speakers", speakers, trainings, blind))
    return tables.format_table(
        ["test", "speakers", "trainings", "false positives"],
        [(*row, f"{100 * np.mean(rejected):.1f}") for *row, rejected in rows],
    )


def scaled_table(simulations, rng) -> str:
    """How often the two-way t finds one, if trainings vary less or more."""
    rows = []
    for scale, (speakers, trainings) in itertools.product(SCALES, SCALED_CROSSED):
        drawn = draw_samples(simulations, speakers, trainings, rng, scale=scale)
        rejected = np.concatenate([two_way_rejects(each) for each in drawn])
        share = f"{100 * np.mean(rejected):.1f}"
        rows.append((f"× {scale}", speakers, trainings, share))
    header = ["effects of trainings", "speakers", "trainings", "false positives"]
    return tables.format_table(header, rows)


def flips_reject(drawn: Sample) -> np.ndarray:
    """Where sign flips of two equal systems have p ≤ 0.05."""
    gain = drawn.hits[0] - drawn.hits[1]
    rows = drawn.size.sum(axis=1)[:, np.newaxis] * gain.shape[2]
    parts = np.mean(gain.sum(axis=2) / rows, axis=-1)  # (simulations, speakers)
    return np.array([scores.sign_flip_test(each) <= 1 - LEVEL for each in parts])


def two_way_rejects(drawn: Sample) -> np.ndarray:
    """Where the two-way t test of two equal systems has p ≤ 0.05."""
    gain = drawn.hits[0] - drawn.hits[1]
    reach = t_reach(gain, drawn.size, two_way=True)
    return np.abs(pooled(gain, drawn.size)) >= reach


def describe_population(rng, speakers: int = 2000) -> str:
    """UARs of the systems, and how much they differ between speakers and trainings."""
    sizes = draw_sizes(1, speakers, rng)
    log_odds = draw_speakers(1, speakers, rng)
    own = mean_hits(log_odds, UTTERANCE).mean(axis=-1)[
        :, 0, :, 0
    ]  # (systems, speakers)
    hits = draw_hits(log_odds, sizes, rng)[:, 0, :, 0]
    seen = np.nanmean(hits / np.where(sizes[0] > 0, sizes[0], np.nan), axis=-1)
    effects, _ = draw_trainings(1, 1, speakers, rng, scale=1)
    spread = math.hypot(*OF_SPEAKERS, TRAINING_SPEAKER)
    trained = mean_hits(LOG_ODDS + shifts() + effects, spread).mean(axis=-1)
    uars = ", ".join(f"{100 * each:.1f}" for each in true_uars(1)[:, 0])
    between, within, difference, training = (
        f"{100 * np.std(each):.1f}"
        for each in (own[0], seen[0], seen[0] - seen[1], trained[0])
    )
    return (
        f"UARs of the three systems: {uars} %. Standard deviations of UARs: {between} "
        f"points between speakers, {within} between those seen in one test of each "
        f"speaker, {difference} between the differences seen of two equal systems, and "
        f"{training} between trainings."
    )


def describe_confined(simulations, rng, speakers: int = 10) -> str:
    """Coverage of t intervals if one of the classes occurs in a single speaker only.

    `scores.t_interval` is NaN there. These intervals count that class as not varying.
    """
    tallies = {name: Tally() for name in list(QUANTITIES)[:2]}
    for drawn in draw_samples(simulations, speakers, 1, rng):
        has_it = drawn.size[:, 0, -1] > 0  # sadness, the smallest class
        size, hits = drawn.size[has_it], drawn.hits[:, has_it]
        size[:, 1:, -1], hits[:, :, 1:, :, -1] = 0, 0
        for name, tally in tallies.items():
            gain = take(hits, QUANTITIES[name])
            tally.add(t_limits(gain, size), take(true_uars(1), QUANTITIES[name]))
    held = " and of ".join(f"{name} {tally}" for name, tally in tallies.items())
    return (
        "Coverage in % of t intervals that ignore that sadness occurs in a single one "
        f"of {speakers} speakers only: of {held}."
    )


def describe_error(simulations) -> str:
    errors = [100 * math.sqrt(p * (1 - p) / simulations) for p in (0.95, 0.8)]
    return (
        f"{simulations:,} simulations. The Monte Carlo standard error is "
        f"{errors[0]:.1f} points at 95 % or 5 %, and {errors[1]:.1f} points at 80 %."
    )


if __name__ == "__main__":
    main()
