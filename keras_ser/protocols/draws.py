"""Random orders that depend on names alone, not on what else is in a table."""

import hashlib


def random_key(name: str, seed: int) -> int:
    """A random number that depends only on a name and the seed.

    Names that are sorted by it are in a random order, and leaving some of them out
    does not change the order of the others.

    Args:
        name: The name of an utterance or a speaker.
        seed: Seed of the order.
    """
    text = f"{seed} {name}".encode("utf-8", "surrogatepass")
    digest = hashlib.blake2b(text, digest_size=7).digest()
    return int.from_bytes(digest, "little")  # 56 bits fit in an int64
