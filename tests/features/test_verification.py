"""What a verification says of the entries that it has seen."""

from keras_ser.features import Verification


def test_an_entry_that_was_damaged_at_first_is_not_right_later():
    found = Verification()
    for path, is_right in [("a", True), ("b", False), ("b", True), ("a", True)]:
        found.add(path, is_right)
    assert found == Verification({"a"}, {"b"})
    assert found.text() == "1 entries are right, 1 were damaged: b."


def test_few_damaged_files_are_named():
    found = Verification(damaged=set("abcdefg"))
    assert found.text() == ("0 entries are right, 7 were damaged: a, b, c, d, e, ….")
