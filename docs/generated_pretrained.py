"""Log-mel next to the frames of a pre-trained network, for docs/generate.py."""

import functools
from collections.abc import Callable
from pathlib import Path

RESULTS = Path(__file__).parents[1] / "results"
PAIRS = {  # archives of the same protocol: log-mel, and frames of the speaker encoder
    "EMO-DB, four classes": ("emodb_four", "emodb_four_ge2e"),
    "EMO-DB, four classes, by speaker": (
        "emodb_four_speaker",
        "emodb_four_ge2e_speaker",
    ),
    "EMO-DB, seven classes": ("emodb_seven", "emodb_seven_ge2e"),
    "EMO-DB, seven classes, by speaker": (
        "emodb_seven_speaker",
        "emodb_seven_ge2e_speaker",
    ),
    "RAVDESS, eight classes": ("ravdess_eight", "ravdess_eight_ge2e"),
    "RAVDESS, eight classes, by speaker": (
        "ravdess_eight_speaker",
        "ravdess_eight_ge2e_speaker",
    ),
}
FUNCTIONALS = "egemaps_svm"  # whose features are neither
SYSTEMS = (
    FUNCTIONALS,
    "untrained_svm",
    "frame_svm",
    "baseline_augmented",
    "mtl_aug",
)
REFERENCE, OTHER, SVM = "baseline_augmented", "mtl_aug", "frame_svm"
NONE = "–"


def pretrained(read: Callable, _: str) -> str:
    """Two tables: the scores of systems, and differences of systems and of features."""
    scores, differences = [], []
    for title, names in PAIRS.items():
        log_mel, frames = (_by_system(read, name) for name in names)
        for system in SYSTEMS:
            own = log_mel, {} if system == FUNCTIONALS else frames
            cells = [_score(each.get(system)) for each in own]
            if cells != [NONE, NONE]:
                scores.append([title, f"`{system}`", *cells])
        cells = [
            _difference(each, OTHER, each, REFERENCE) for each in (log_mel, frames)
        ]
        cells.append(_difference(frames, OTHER, log_mel, OTHER))
        cells.append(_difference(frames, OTHER, frames, SVM))
        if set(cells) != {NONE}:
            differences.append([title, *cells])
    head = ["speech", "system", "not pre-trained, UAR % (trainings × speakers)", "GE2E"]
    titles = ["on log-mel", "on GE2E"]
    titles = [f"Δ of `{OTHER}` to `{REFERENCE}` {each}" for each in titles]
    titles.append(f"Δ of `{OTHER}` on GE2E to `{OTHER}` on log-mel")
    titles.append(f"Δ of `{OTHER}` to `{SVM}` on GE2E")
    return f"{_table(head, scores)}\n\n{_table(['speech', *titles], differences)}"


def _by_system(read: Callable, name: str) -> dict:
    """The predictions of the systems in `results/<name>.zip`, if there is one."""
    from keras_ser.reports.test_sets import group_by_test_set

    path = RESULTS / f"{name}.zip"
    if not path.exists():
        return {}
    (rows,) = group_by_test_set(read(path)).values()
    return {system: part for system, part in rows.groupby("system")}


def _score(rows) -> str:
    from keras_ser import reports

    if rows is None:
        return NONE
    counts = f"{rows.repeat.nunique()} × {rows.speaker.nunique()}"
    return f"{reports.uar_with_interval(rows)} ({counts})"


def _difference(one: dict, system: str, other: dict, reference: str) -> str:
    from keras_ser.reports import comparison

    if system not in one or reference not in other:
        return NONE
    found = comparison.difference(one[system], other[reference])
    value, _ = found.cells()
    return f"{value}, p {comparison.p_value(found.p)}"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def kinds(read: Callable) -> dict[str, Callable]:
    """What this module generates; `read` reads the runs of an archive."""
    return {"pretrained": functools.partial(pretrained, read)}
