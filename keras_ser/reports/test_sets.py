"""Where a run was tested: on a corpus, or after training on another one."""

import pandas as pd

ACROSS = ("cross_corpus", "cross_language")
ARROW = ">"


def placed(runs, found: dict[str, dict]) -> pd.DataFrame:
    """All predictions, with a column `place`: `emodb`, or `ravdess>emodb`.

    Args:
        runs: from `reading.read_runs`.
        found: from `reading.settings_of`.
    """
    tables = []
    for (experiment, _, fold, _), _, table in runs:
        across = base_protocol(found[experiment]) in ACROSS
        place = _across(fold, table) if across else table["corpus"]
        tables.append(table.assign(place=place))
    return pd.concat(tables, ignore_index=True)


def _across(fold: str, table: pd.DataFrame) -> str:
    """`ravdess>emodb` of the fold `ravdess-emodb` that was tested on the second."""
    tested = "+".join(sorted(set(table["corpus"])))
    source = fold.removesuffix(f"-{tested}")
    return fold if source == fold else f"{source}{ARROW}{tested}"


def base_protocol(settings: dict) -> str:
    """The protocol that decides what is tested, below those that only change it."""
    protocol = settings.get("protocol", "")
    arguments = settings.get("protocol_arguments") or {}
    while isinstance(arguments, dict) and "protocol" in arguments:
        protocol, arguments = arguments["protocol"], arguments.get("arguments") or {}
    return protocol


def shown(place: str) -> str:
    """A place as text: `synthetic speech`, `ravdess → emodb`."""
    words = place.replace(ARROW, " → ")
    if "synthetic" not in place:
        return words
    return "synthetic speech" if place == "synthetic" else f"{words} (synthetic speech)"
