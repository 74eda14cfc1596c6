"""The paragraphs below a table that explain its intervals, differences and p values."""

from collections.abc import Iterable, Mapping

from keras_ser import scores
from keras_ser.reports.blocks import Text
from keras_ser.reports.comparison import Difference
from keras_ser.reports.text import NO_VALUE, count_range, counted, p_value, sort_names
from keras_ser.reports.units import Units
from keras_ser.scores.significance import EXACT, SAMPLES


def explain(
    differences: dict[str, Difference], primary: str | None = None
) -> list[Text]:
    """The paragraphs that explain Δ and p below a table.

    Args:
        differences: From `compare`.
        primary: The system whose p is not adjusted.
    """
    texts = _explain_partial(differences) + _explain_untested(differences)
    tested = {name: each for name, each in differences.items() if each.is_tested}
    if tested:
        words = [*_explain_tests(tested), *_explain_holm(list(tested), primary)]
        texts.append(" ".join(words))
    return [Text(text) for text in texts]


def explain_confined(found: Iterable[Mapping[str, list[str]]]) -> str:
    """The sentence on intervals that are missing because of such classes, if any.

    Args:
        found: What `confined` finds of each figure of the table.
    """
    by_noun: dict[str, list[str]] = {}
    for each in found:
        for noun, classes in each.items():
            by_noun.setdefault(noun, []).extend(classes)
    where = [
        f"in a single {noun} only ({', '.join(sort_names(classes))})"
        for noun, classes in by_noun.items()
    ]
    if not where:
        return ""
    return (
        f"[{NO_VALUE}] There is no t interval where a class occurs "
        f"{', or '.join(where)}, because nothing shows how much its recall varies."
    )


def _explain_partial(differences: dict[str, Difference]) -> list[str]:
    """What the mark § means in a table; nothing if no difference has it."""
    alike: dict[str, list[str]] = {}
    for name, each in differences.items():
        if each.partial:
            alike.setdefault(_size(each), []).append(name)
    if not alike:
        return []
    sizes = [f"{', '.join(names)} on {size}" for size, names in alike.items()]
    return [
        "§ Compared only on the utterances that both systems predicted in the same "
        f"fold and repeat: {'; '.join(sizes)}."
    ]


def _size(each: Difference) -> str:
    speakers = counted(each.units.speakers, "speaker")
    size = f"{speakers} and {counted(each.utterances, 'utterance')}"
    if each.shared_repeats is None:
        return size
    return f"{size} in {counted(each.shared_repeats, 'shared repeat')}"


def _explain_untested(differences: dict[str, Difference]) -> list[str]:
    """Why differences have no p; one paragraph for each reason."""
    none = {name: each for name, each in differences.items() if not each.is_tested}
    few = {name: each for name, each in none.items() if not each.units.can_be_tested}
    alike = [name for name, each in few.items() if each.units.are_trainings]
    few = {name: each for name, each in few.items() if name not in alike}
    flips = {k: each for k, each in few.items() if each.units.varied_training is None}
    twofold = {name: each for name, each in few.items() if name not in flips}
    texts = []
    if alike:
        texts.append(
            f"No p for {', '.join(alike)}: there are too few speakers for a test over "
            "speakers, and trainings that share most of their training speech are not "
            "independent of each other."
        )
    if flips:
        texts.append(
            f"{_too_few(flips)} (their number is in parentheses), p cannot be small."
        )
    if twofold:
        texts.append(
            f"{_too_few(twofold)} (their number is in parentheses), a t test "
            "over speakers and trainings says nothing."
        )
    confined = [name for name in none if name not in few and name not in alike]
    if confined:
        texts.append(
            f"No p for {', '.join(confined)}: there is no t test where there "
            "is no t interval."
        )
    return texts


def _too_few(differences: dict[str, Difference]) -> str:
    named = [f"{name} ({each.units.count})" for name, each in differences.items()]
    least = dict.fromkeys(
        count_range([each.units.least], f"shared {each.units.noun}")
        for each in differences.values()
    )
    return f"No p for {', '.join(named)}: with fewer than {' or '.join(least)}"


def _explain_tests(tested: dict[str, Difference]) -> list[str]:
    """What p is, in one sentence after the other."""
    units = {name: each.units for name, each in tested.items()}
    flipped = {k: each for k, each in units.items() if each.varied_training is None}
    twofold = {k: each for k, each in units.items() if k not in flipped}
    several = bool(flipped and twofold)
    texts = []
    if flipped:
        where = f"For {', '.join(flipped)}, p" if several else "p"
        texts += _explain_sign_flips(where, list(flipped.values()))
    if twofold:
        where = f"For {', '.join(twofold)}, p" if several else "p"
        texts.append(
            f"{where} comes from a two-sided t test of the printed Δ. Its standard "
            "error is that of the t interval, in which both speakers and trainings "
            "vary, and its degrees of freedom are one less than the smaller of their "
            "two numbers."
        )
    return texts


def _explain_sign_flips(where: str, units: list[Units]) -> list[str]:
    found = sorted({(each.noun, each.count) for each in units})
    nouns = list(dict.fromkeys(noun for noun, _ in found))
    flipped = " or ".join(f"a {noun}" for noun in nouns)
    that = " or ".join(f"that {noun.partition(' ')[0]}" for noun in nouns)
    return [
        f"{where} comes from a two-sided sign-flip test of the printed Δ. Flipping the "
        f"sign of {flipped} swaps the two systems' predictions for {that}. p is the "
        "share of sign patterns whose Δ is at least as far from 0 as the printed one.",
        *(_smallest_p(*each) for each in found),
    ]


def _smallest_p(noun: str, count: int) -> str:
    smallest = p_value(scores.smallest_p(count))
    if count <= EXACT:
        patterns = f"all {2**count} sign patterns are counted, so p is exact"
    else:
        patterns = f"{SAMPLES} sign patterns are drawn, so p is approximate"
    units = count_range([count], noun)
    return f"With {units}, {patterns}, and it cannot be below {smallest}."


def _explain_holm(tested: list[str], primary: str | None) -> list[str]:
    """Which p values are adjusted, and which one is not."""
    others = [name for name in tested if name != primary]
    is_primary = f"The comparison of {primary} is the primary one of this table"
    if len(tested) == 1:
        only = "the only test of this table, so p is not adjusted."
        return [f"It is {only}" if others else f"{is_primary}. It is also {only}"]
    if primary not in tested:
        return [
            f"The last column adjusts p for the {len(tested)} tests of this table by "
            "Holm's method."
        ]
    tests = f"{len(others)} other tests" if len(others) > 1 else "other test"
    return [
        f"{is_primary}, and its p is not adjusted. The last column adjusts p for the "
        f"{tests} by Holm's method."
    ]
