"""Maps from an emotion to a binary level."""

import pytest

from keras_ser.corpora import LABEL_SETS, mapped, relabel
from keras_ser.corpora.own import vocabulary

FOUR = ("anger", "happiness", "neutral", "sadness")


def test_every_emotion_of_the_readers_has_both_levels_or_is_left_out():
    names = set(vocabulary.EMOTIONS)
    assert set(mapped.ACTIVATION) == set(mapped.VALENCE)
    assert set(mapped.ACTIVATION) | set(mapped.LEFT_OUT) == names
    assert set(mapped.ACTIVATION).isdisjoint(mapped.LEFT_OUT)
    for emotion in mapped.LEFT_OUT:
        assert f"`{emotion}`" in mapped.__doc__  # with the reason


def test_no_emotion_is_in_two_quadrants():
    quadrants = (
        *(mapped.HIGH_NEGATIVE, mapped.LOW_NEGATIVE),
        *(mapped.HIGH_POSITIVE, mapped.LOW_POSITIVE),
    )
    assert sum(map(len, quadrants)) == len(mapped.ACTIVATION)


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        ("mapped_activation", ["high", "high", "low", "low"]),
        ("mapped_valence", ["negative", "positive", "positive", "negative"]),
    ],
)
def test_four_emotions_give_two_classes(toy_table, labels, classes):
    table = toy_table("ab", emotions=FOUR)
    with pytest.warns(UserWarning, match=f"{labels}.*from"):
        view = relabel(table, labels)
    assert list(view.emotion) == classes * 2


def test_the_levels_agree_with_the_three_classes_of_valence():
    for emotion, valence in LABEL_SETS["three"].items():
        assert valence in {"neutral", mapped.VALENCE[emotion]}
