"""What a run must have tested, as a hash that is recorded before it predicts."""

import hashlib

import pandas as pd

KEY = "tested"  # of config.json
HEARD_KEY = "tested_heard"  # of held-out utterances of training speakers
COLUMNS = ["test", "corpus", "utterance", "speaker", "head", "truth"]


def fingerprint(rows: pd.DataFrame) -> str:
    """A hash of the utterances, speakers and truths that a run tests.

    Args:
        rows: The columns `COLUMNS`, with one row per utterance and head of a test
            table.

    Returns:
        The hash, which does not depend on the order of the rows.
    """
    texts = sorted(map(repr, rows[COLUMNS].itertuples(index=False, name=None)))
    return hashlib.blake2b("\n".join(texts).encode(), digest_size=16).hexdigest()
