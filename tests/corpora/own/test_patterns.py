"""Patterns with a group."""

import pytest

from keras_ser.corpora.own import patterns


@pytest.mark.parametrize(
    ("text", "path", "found"),
    [
        (r"(\d+)_", "a/12_b.wav", "12"),
        (r"([a-z]+)/(\d+)_", "a/12_b.wav", "a12"),
        (r"(x)?(\d)", "a/1.wav", "1"),
        (r"(z)", "a/1.wav", ""),
    ],
)
def test_groups_are_joined(text, path, found):
    pattern, reason = patterns.compile_pattern(text)
    assert reason == ""
    assert patterns.find(pattern, path) == found


@pytest.mark.parametrize(
    ("text", "reason"), [("[a-z]+", "no group"), ("([a", "unterm")]
)
def test_a_pattern_needs_a_group(text, reason):
    assert reason in patterns.compile_pattern(text)[1]
