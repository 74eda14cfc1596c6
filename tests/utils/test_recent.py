"""The last results of a function are kept, and no others."""

from keras_ser.utils.recent import recent


class Thing:
    __hash__ = None

    def __init__(self, value):
        self.value = value


def counted(size):
    calls = []

    @recent(size)
    def function(thing, factor=1):
        calls.append((thing.value, factor))
        return thing.value * factor

    return function, calls


def test_a_result_is_computed_once_for_the_same_object_and_arguments():
    function, calls = counted(4)
    one, other = Thing(3), Thing(3)
    assert [function(one, 2), function(one, 2), function(one, 5)] == [6, 6, 15]
    assert calls == [(3, 2), (3, 5)]
    assert function(other, 2) == 6
    assert len(calls) == 3


def test_only_the_last_results_are_kept():
    function, calls = counted(2)
    things = [Thing(number) for number in range(3)]
    for thing in things:
        function(thing)
    function(things[2])
    function(things[1])
    assert len(calls) == 3
    function(things[0])
    assert len(calls) == 4


def test_an_object_is_kept_so_that_no_other_takes_its_place():
    function, _ = counted(100)
    for number in range(50):
        assert function(Thing(number)) == number  # each would have the same address
