"""Draws the pictures of the documents: MTL-AUG, systems on EMO-DB, the packages.

Sizes and parameter counts are read off a built model, scores off the predictions in
`results/`. Command: python docs/pictures.py
"""

from pathlib import Path

from keras_ser import figures, reports
from keras_ser.models import MTLAug
from keras_ser.models.presets import PRESETS
from keras_ser.reports import breakdowns

FOLDER = Path(__file__).with_suffix("")
CLASSES = ("anger", "happiness", "neutral", "sadness")
PRESET = "paper"
SHARED, EMOTION, AUXILIARY, OTHER = "#0072B2", "#D55E00", "#009E73", "#666666"


def parameters(model, *prefixes) -> str:
    """Trained and moving weights of the layers whose names start so."""
    layers = [each for each in model.layers if each.name.startswith(prefixes)]
    return f"{sum(each.count_params() for each in layers):,} parameters"


def boxes(model) -> list[tuple]:
    """Column, row, title, lines, colour, of each box."""
    sizes = PRESETS[model.preset]
    filters, kernels = sizes["filters"], sizes["kernels"]
    code = f"code: time/8 × {model.dimensions // 8} × {filters[-1]}"
    kinds = ", ".join(model.augmentations)
    ways = ", ".join(map(str, filters)), ", ".join(map(str, kernels))
    back = ", ".join(map(str, (*filters[-2::-1], 1)))
    return [
        (0, 1, "log-mel", ["none, speed,", "SpecAugment", "or mixup"], OTHER),
        (
            1,
            1,
            "shared encoder",
            [
                "3 strided convolutions",
                f"filters {ways[0]}",
                f"kernels {ways[1]}",
                code,
                parameters(model, "encoder_"),
            ],
            SHARED,
        ),
        (
            2,
            0,
            "emotion classifier",
            [
                "BLSTM 128, attention,",
                "dense 128, softmax",
                parameters(model, "emotion", "attention", "embedding", "center"),
            ],
            EMOTION,
        ),
        (
            2,
            1,
            "augmentation classifier",
            [
                "BLSTM 256, dense 128,",
                "dropout, dense 128, softmax",
                parameters(model, "augmentation"),
            ],
            AUXILIARY,
        ),
        (
            2,
            2,
            "decoder",
            [
                "3 transposed convolutions",
                f"filters {back}",
                parameters(model, "decoder_"),
            ],
            AUXILIARY,
        ),
        (3, 0, "emotion", ["cross-entropy", "+ λ2 center loss"], EMOTION),
        (3, 1, "augmentation", [*_wrapped(kinds), "λ1 cross-entropy"], AUXILIARY),
        (3, 2, "reconstruction", ["of the input", "λ1 mean squared error"], AUXILIARY),
    ]


ARROWS = [((0, 1), (1, 1))]
ARROWS += [((1, 1), (2, row)) for row in range(3)]
ARROWS += [((2, row), (3, row)) for row in range(3)]
LEFT, WIDTH = (0.0, 1.45, 4.1, 7.0), (1.1, 2.2, 2.4, 1.75)
HEIGHT, STEP = 0.98, 1.14


def draw(model, path) -> None:
    with figures.drawing(path, (9.2, 3.7)) as figure:
        axes = figure.add_subplot()
        axes.set(xlim=(-0.05, 8.85), ylim=(-2.85, 0.57))
        axes.set_axis_off()
        for column, row, title, lines, colour in boxes(model):
            _box(axes, column, row, title, lines, colour)
        for start, end in ARROWS:
            _arrow(axes, start, end)


def _box(axes, column, row, title, lines, colour) -> None:
    from matplotlib.patches import FancyBboxPatch

    height = HEIGHT if column != 1 else 1.36
    corner = LEFT[column], -row * STEP - height / 2
    shape = "round,pad=0,rounding_size=0.1"
    axes.add_patch(
        FancyBboxPatch(
            corner,
            WIDTH[column],
            height,
            boxstyle=shape,
            facecolor=f"{colour}18",
            edgecolor=colour,
            linewidth=1.5,
        )
    )
    middle = corner[0] + WIDTH[column] / 2
    top = corner[1] + height
    style = {"ha": "center", "va": "top"}
    axes.text(middle, top - 0.1, title, weight="bold", color=colour, **style)
    axes.text(middle, top - 0.36, "\n".join(lines), fontsize=8.5, **style)


def _arrow(axes, start, end) -> None:
    tail = LEFT[start[0]] + WIDTH[start[0]], -start[1] * STEP
    axes.annotate(
        "",
        xy=(LEFT[end[0]], -end[1] * STEP),
        xytext=tail,
        arrowprops={"arrowstyle": "-|>", "color": "#444444", "lw": 1.3},
    )


def _wrapped(text: str) -> list[str]:
    import textwrap

    return textwrap.wrap(text, 24)


def draw_scores(predictions, path) -> None:
    """Pooled UAR of each system with its interval, over the UAR of each speaker."""
    by_system = dict(list(predictions.groupby("system")))
    breakdowns.systems_figure("EMO-DB, four classes", by_system).draw(path)


GROUPS = {
    SHARED: "layers losses metrics tasks callbacks monitoring models attacks".split(),
    AUXILIARY: "audio corpora features augment data".split(),
    EMOTION: "protocols conditions scores classical evaluation inference figures "
    "reports".split(),
    "#CC79A7": "experiments together robustness tuning cli".split(),
    OTHER: "backend utils".split(),
}
TITLES = ("Keras parts", "speech", "science", "experiments", "floor")


def imported() -> dict[str, set[str]]:
    """The packages that each package imports from."""
    import grimp

    graph = grimp.build_graph("keras_ser", cache_dir=None)
    found = {}
    for module in graph.modules - {"keras_ser"}:
        one = module.split(".")[1]
        for other in graph.find_modules_directly_imported_by(module):
            if other != "keras_ser" and other.split(".")[1] != one:
                found.setdefault(one, set()).add(other.split(".")[1])
    return found


def reduced(imports: dict[str, set[str]]) -> dict[str, set[str]]:
    """The imports without those that a way through other packages implies."""

    def below(name: str) -> set[str]:
        direct = imports.get(name, set())
        return direct.union(*map(below, direct))

    return {
        name: others - set().union(*map(below, others))
        for name, others in imports.items()
    }


def draw_packages(rows: list[list[str]], path) -> None:
    """The packages in their rows, with lines from each to what it imports from."""
    places = {
        name: ((number + 0.5) / len(row), -height)
        for height, row in enumerate(rows)
        for number, name in enumerate(row)
    }
    with figures.drawing(path, (9.2, 0.62 * len(rows) + 0.5)) as figure:
        axes = figure.add_subplot()
        axes.set(xlim=(0, 1), ylim=(0.95 - len(rows), 0.95))
        axes.set_axis_off()
        for name, others in sorted(reduced(imported()).items()):
            for other in sorted(others):
                ends = zip(places[name], places[other], strict=True)
                axes.plot(*ends, color="#999999", linewidth=0.9, zorder=1)
        for colour, names in GROUPS.items():
            for name in names:
                box = {"boxstyle": "round,pad=0.35", "fc": "white", "ec": colour}
                style = {"ha": "center", "va": "center", "color": colour}
                axes.text(*places[name], name, bbox=box, zorder=2, **style)
        for number, title in enumerate(TITLES):
            colour = list(GROUPS)[number]
            place = 0.02 + 0.2 * number
            axes.text(place, 0.75, title, color=colour, weight="bold", fontsize=9)


def main() -> None:
    import runpy

    FOLDER.mkdir(exist_ok=True)
    generate = runpy.run_path(str(FOLDER.with_name("generate.py")))
    draw_packages(generate["layers"](), FOLDER / "packages.png")
    draw(MTLAug(CLASSES, preset=PRESET), FOLDER / "mtl_aug.png")
    predictions = reports.by_test_set([generate["_runs_of"]("emodb_four")])["emodb"]
    folds = predictions.groupby("system").fold.transform("nunique")
    whole = predictions[folds == folds.max()]  # others are not of the same speakers
    draw_scores(whole, FOLDER / "emodb_four.png")


if __name__ == "__main__":
    main()
