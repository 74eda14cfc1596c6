"""Checks of the values that a configuration may hold."""

import json
import math
from collections.abc import Mapping

from keras_ser.corpora import RatedLabelSet, find_label_set
from keras_ser.corpora.rated import KIND
from keras_ser.utils.choices import check as check

COUNT = "a whole number from 1 to 1e9"
ARGUMENTS = "a mapping from names to JSON values with finite numbers"


def is_whole(value) -> bool:
    return type(value) is int


def is_count(value) -> bool:
    return is_whole(value) and 1 <= value <= 10**9


def is_count_or_0(value) -> bool:
    return is_count(value) or (is_whole(value) and value == 0)


def is_positive(value) -> bool:
    return type(value) in (int, float) and 0 < value < math.inf


def is_positive_or_0(value) -> bool:
    return is_positive(value) or (type(value) in (int, float) and value == 0)


def is_ratio(value) -> bool:
    return is_positive_or_0(value) and value <= 10**9


def is_rate(value) -> bool:
    return is_positive_or_0(value) and value < 1


def is_fraction(value) -> bool:
    return is_positive(value) and value <= 1


def is_mapping(value) -> bool:
    return isinstance(value, Mapping)


def is_text(value) -> bool:
    return isinstance(value, str)


def is_bool(value) -> bool:
    return isinstance(value, bool)


def are_names(value) -> bool:
    return isinstance(value, list | tuple) and all(map(is_text, value))


def are_different_names(value) -> bool:
    return are_names(value) and len(set(value)) == len(value)


def are_corpora(value) -> bool:
    return is_text(value) or (are_different_names(value) and len(value) > 0)


def are_arguments(value) -> bool:
    """Returns whether values can be keyword arguments and be written as JSON."""
    if not is_mapping(value) or not all(map(is_text, value)):
        return False
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def is_model(value) -> bool:
    return is_text(value) or isinstance(value, type)


def are_labels(value) -> bool:
    """Returns whether a value is one label set, or a mapping from corpora to some."""
    kinds = Mapping | RatedLabelSet
    if is_mapping(value) and any(isinstance(each, kinds) for each in value.values()):
        return all(map(is_text, value)) and all(map(_is_label_set, value.values()))
    return _is_label_set(value)


def _is_label_set(value) -> bool:
    if is_mapping(value) and KIND in value:
        find_label_set(value)  # raises an error of its own
        return True
    if isinstance(value, RatedLabelSet):
        return True
    texts = [*value, *value.values()] if is_mapping(value) else [value]
    return all(map(is_text, texts))


def are_augmentations(value) -> bool:
    if not is_mapping(value):
        return are_names(value)
    return all(map(is_text, value)) and all(map(are_arguments, value.values()))
