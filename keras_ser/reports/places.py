"""Where a run was tested: on a corpus, or after training on another one."""

import pandas as pd

from keras_ser.reports.reading import settings_of

ACROSS = ("cross_corpus", "cross_language")
ARROW = ">"


def placed(runs) -> pd.DataFrame:
    """All predictions, with a column `place`: `emodb`, or `ravdess>emodb`."""
    found = settings_of(runs)
    tables = []
    for (experiment, _, fold, _), _, table in runs:
        across = base_protocol(found[experiment]) in ACROSS
        place = fold.replace("-", ARROW) if across else table["corpus"]
        tables.append(table.assign(place=place))
    return pd.concat(tables, ignore_index=True)


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
