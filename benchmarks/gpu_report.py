"""From the rows of a GPU benchmark to its tables."""

import gpu_machine
import gpu_report_together
import numpy as np
import tables
from gpu_tolerances import TOLERANCES

PRECISIONS = {"float32": "float32", "tf32": "TF32", "mixed_bfloat16": "bfloat16"}
IMPLEMENTATIONS = {
    "keras-jax": "Keras, JAX",
    "keras-torch": "Keras, PyTorch",
    "keras-tensorflow": "Keras, TensorFlow",
    "torch-eager": "PyTorch",
    "torch-compiled": "PyTorch, compiled",
}
GROUPS = {  # what a run measures as a whole
    "correctness": ("backend",),
    "lstm": ("backend",),
    "training": ("network", "precision", "batch"),
    "together": ("system", "precision", "kind", "models"),
    "experiments": ("experiment", "system"),
}
GIB = 2**30


def tables_of(rows: list[dict]) -> dict[str, tuple[str, str]]:
    """From the name of a file to the title and the text of a table."""
    return {
        "gpu_correctness": ("Correctness on a GPU", correctness(rows)),
        "gpu_training": ("Training on a GPU", training(rows)),
        "gpu_together": ("Models that train together on a GPU", together(rows)),
    }


def failures(rows: list[dict]) -> list[dict]:
    """The comparisons that failed; one that needs a missing package did not."""
    compared = [
        row
        for row in latest(rows, "correctness")
        if not row.get("passed") and not row.get("needs")
    ]
    stacked = latest(rows, "together")
    return compared + [row for row in stacked if not row.get("agrees", True)]


def latest(rows: list[dict], part: str) -> list[dict]:
    """The rows of a part, each group of them from the last run that has any."""

    def group(row):
        return tuple(row.get(name) for name in GROUPS[part])

    found = [row for row in rows if row["part"] == part]
    runs = {group(row): row["run"] for row in found}
    return [row for row in found if row["run"] == runs[group(row)]]


# Correctness


def correctness(rows: list[dict]) -> str:
    found = latest(rows, "correctness")
    if not found:
        return "Not measured yet."
    failed = [row for row in failures(rows) if row["part"] == "correctness"]
    needing = [row for row in found if row.get("needs")]
    passed = len(found) - len(failed) - len(needing)
    backends = list(dict.fromkeys(row["backend"] for row in found))
    columns = sorted(
        dict.fromkeys((row["backend"], row["precision"]) for row in found),
        key=lambda column: backends.index(column[0]),
    )
    lines: dict[str, dict] = {}
    for row in found:
        if "deviation" in row:
            line = lines.setdefault(line_of(row), {})
            line.setdefault((row["backend"], row["precision"]), []).append(row)
    table = tables.format_table(
        ["", *(column_title(*column) for column in columns)],
        [
            (name, *(cell(line.get(column, [])) for column in columns))
            for name, line in sorted(lines.items())
        ],
    )
    parts = [
        f"{passed} comparisons passed, {len(failed)} failed.",
        table,
        tolerances(),
        kernels(rows),
        problems(found),
        describe_machine(rows),
    ]
    return "\n\n".join(part for part in parts if part)


def line_of(row: dict) -> str:
    """A line per quantity of a model, and a line per layer or loss."""
    is_model = row["case"].startswith("`models.")
    return f"{row['case']}, {row['quantity']}" if is_model else row["case"]


def column_title(backend: str, precision: str) -> str:
    names = [gpu_machine.TITLES[name] for name in backend.split(" and ")]
    if len(names) > 1:
        return f"CPU: {' and '.join(names)}"
    return f"{names[0]}, {PRECISIONS[precision]}"


def cell(rows: list[dict]) -> str:
    """The largest deviation in relation to its tolerance, bold if it failed."""
    if not rows:
        return "–"
    worst = max(rows, key=lambda row: row["deviation"] / row["tolerance"])
    text = f"{worst['deviation']:.0e}" if worst["deviation"] else "0"
    return text if worst["passed"] else f"**{text}**"


def tolerances() -> str:
    told = [
        f"{others:g} in {PRECISIONS[precision]} ({gradients:g} of gradients)"
        for precision, (gradients, others) in TOLERANCES.items()
    ]
    return f"Tolerances: {', '.join(told)}. What exceeds them is bold."


def kernels(rows: list[dict]) -> str:
    told = {
        (row["backend"], row["precision"]): row["kernel"]
        for row in latest(rows, "lstm")
        if " and " not in row["backend"]
    }
    names = [f"{column_title(*key)}: {kernel}" for key, kernel in told.items()]
    return (
        f"What `keras.layers.LSTM` computed with: {'; '.join(names)}." if names else ""
    )


def problems(rows: list[dict]) -> str:
    """What did not run, in words; the same problem of several columns once."""
    told: dict[str, list] = {}
    for row in rows:
        if "problem" in row:
            what = f"{row.get('case') or setting_of(row)}: {row['problem']}"
            told.setdefault(what, []).append(row)
    lines = []
    for what, same in told.items():
        where = dict.fromkeys(
            column_title(row["backend"], row["precision"])
            if "backend" in row
            else IMPLEMENTATIONS.get(row["implementation"], row["implementation"])
            for row in same
        )
        lines.append(f"- {what} ({'; '.join(where)})")
    return "Not run:\n\n" + "\n".join(lines) if lines else ""


# Training


def training(rows: list[dict]) -> str:
    found = latest(rows, "training")
    if not found:
        return "Not measured yet."
    settings: dict[tuple, dict] = {}
    for row in found:
        if "rate" in row:
            line = settings.setdefault(setting_of(row), {})
            line[row["implementation"]] = row
    names = [
        name for name in IMPLEMENTATIONS if any(name in s for s in settings.values())
    ]
    ours = [name for name in names if name.startswith("keras")]
    rates = tables.format_table(
        ["utterances/s", *map(IMPLEMENTATIONS.get, names), *map(ratio_title, ours)],
        [
            (
                setting,
                *(f"{line[n]['rate']:.0f}" if n in line else "–" for n in names),
                *(ratio(line, name) for name in ours),
            )
            for setting, line in settings.items()
        ],
    )
    costs = tables.format_table(
        ["seconds before training, peak memory", *map(IMPLEMENTATIONS.get, names)],
        [
            (setting, *(cost(line.get(name)) for name in names))
            for setting, line in settings.items()
        ],
    )
    parts = [rates, costs, counts(settings), problems(found), describe_machine(rows)]
    return "\n\n".join(part for part in parts if part)


def setting_of(row: dict) -> str:
    names = {"baseline": "baseline `paper`"}
    network = names.get(row["network"], f"MTL-AUG `{row['network']}`")
    return f"{network}, {row['precision']}, {row['batch']} rows"


def ratio_title(name: str) -> str:
    return f"{IMPLEMENTATIONS[name].split(', ')[1]} ÷ plain"


def ratio(line: dict, name: str) -> str:
    """Times as fast as the faster of the plain networks, by rounds."""
    plain = [row for other, row in line.items() if not other.startswith("keras")]
    if name not in line or not plain:
        return "–"
    fastest = max(plain, key=lambda row: row["rate"])
    return f"{np.median(np.divide(line[name]['rounds'], fastest['rounds'])):.2f}"


def cost(row: dict | None) -> str:
    if row is None:
        return "–"
    memory = f", {row['memory'] / GIB:.2f} GiB" if row["memory"] else ""
    return f"{row['warm_up']:.1f} s{memory}"


def counts(settings: dict) -> str:
    """A warning if implementations train different numbers of parameters."""
    told = {
        setting: {row["parameters"] for row in line.values()}
        for setting, line in settings.items()
    }
    wrong = [setting for setting, found in told.items() if len(found) > 1]
    if not wrong:
        return ""
    return f"Different numbers of parameters are trained in: {'; '.join(wrong)}."


# Together


def together(rows: list[dict]) -> str:
    measured, trained = latest(rows, "together"), latest(rows, "experiments")
    if not measured and not trained:
        return "Not measured yet."
    parts = [gpu_report_together.together(measured)] if measured else []
    parts += [gpu_report_together.experiments(trained)] if trained else []
    return "\n\n".join([*parts, describe_machine(rows)])


# All


def describe_machine(rows: list[dict]) -> str:
    """The device, the cores and the versions in one line."""
    (*_, machine) = [row for row in rows if row["part"] == "machine"] or [None]
    if machine is None:
        return ""
    found = machine["backends"].values()
    devices = dict.fromkeys(told["device"] for told in found)
    versions = {k: v for told in found for k, v in told["versions"].items()}
    parts = [
        *devices,
        f"{machine['cores']} cores",
        f"Python {machine['python']}",
        *(f"{name} {version}" for name, version in versions.items()),
    ]
    return "; ".join(parts) + "."
