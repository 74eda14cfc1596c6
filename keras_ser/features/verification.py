"""What a verification of cached features found."""

import dataclasses

MAX_NAMED = 5  # damaged files in a text


@dataclasses.dataclass
class Verification:
    """Collects which entries of a cache are right and which are damaged.

    Give an instance to `FeatureStore.prepare` or `experiments.prepare_features`, which
    then read and verify every entry and extract damaged ones again.

    Attributes:
        right: The paths of the entries that hold what was written.
        damaged: The paths of those that do not.

    Example:

    >>> found = Verification()
    >>> store.prepare(table, verification=found)
    >>> print(found.text())
    """

    right: set[str] = dataclasses.field(default_factory=set)
    damaged: set[str] = dataclasses.field(default_factory=set)

    def add(self, path: str, is_right: bool) -> None:
        """Adds an entry; one that was damaged at first stays among the damaged ones."""
        if not is_right:
            self.damaged.add(path)
        elif path not in self.damaged:
            self.right.add(path)

    def text(self) -> str:
        """Returns both counts and the first damaged files as a line of text."""
        line = f"{len(self.right)} entries are right, {len(self.damaged)} were damaged"
        named = sorted(self.damaged)[:MAX_NAMED]
        more = ", …" if len(self.damaged) > len(named) else ""
        return f"{line}{': ' if named else ''}{', '.join(named)}{more}."
