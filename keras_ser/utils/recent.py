"""The last results of a function, for objects that have no hash."""

import collections
import functools
from collections.abc import Callable


def recent(size: int) -> Callable:
    """Makes a function keep its last results.

    `functools.lru_cache` needs arguments with a hash, which folds and tables lack. Here
    the first argument is known by its identity. It is kept together with the result, so
    that no other object can take its place in memory. It must not change.

    Args:
        size: How many results are kept.

    Example:

    >>> @recent(2)
    ... def split(table, seed):
    ...     return table.sample(frac=0.5, random_state=seed)
    """

    def decorate(function: Callable) -> Callable:
        kept: collections.OrderedDict = collections.OrderedDict()

        @functools.wraps(function)
        def wrapper(first, *others):
            key = id(first), *others
            if key not in kept:
                kept[key] = first, function(first, *others)
                while len(kept) > size:
                    kept.popitem(last=False)
            kept.move_to_end(key)
            return kept[key][1]

        return wrapper

    return decorate
