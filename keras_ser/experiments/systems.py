"""The systems that stand beside each other in a table, as rows of an experiment."""

from collections.abc import Iterable, Mapping

from keras_ser.experiments.config import System
from keras_ser.models import BASELINE, TABLE_7

_OBJECTIVE = {"center": 1e-3, "auxiliary": 0.3}
FRACTIONS = (0.2, 0.4, 0.6, 0.8, 0.9, 1.0)


def networks(**sizes) -> dict[str, System]:
    """The rows of Latif et al. 2022, Table 2, that are the paper's own.

    `mtl_aug` is tested against `baseline_augmented`, the baseline's network on the
    same augmented rows; `mtl_aug_librispeech` adds unlabelled speech.

    Args:
        sizes: arguments of all their networks, `preset="paper"`.
    """
    baseline = {**BASELINE, **sizes}
    return {
        "baseline": System(arguments=baseline, augment=()),
        "baseline_augmented": System(arguments=baseline),
        "mtl_aug": System(arguments=sizes, objective=_OBJECTIVE),
        "mtl_aug_librispeech": System(
            arguments=sizes, objective=_OBJECTIVE, unlabelled=True
        ),
    }


def rivals() -> dict[str, System]:
    """The networks beside MTL-AUG in Latif et al. 2022, Tables 5 and 6, our reading."""
    return {
        "cnn_blstm_attention": System("CNNBLSTMAttention", augment=()),
        "cnn_attention": System("CNNAttention", augment=()),
    }


def ablation(**sizes) -> dict[str, System]:
    """The models of Latif et al. 2022, Table 7, each with a part less.

    The paper does not say which of them saw augmented speech. Models without the
    augmentation head and the decoder, 3 to 5, stand there twice: as they are, and
    `…_augmented`, so that tasks and data are told apart.

    Args:
        sizes: arguments of all their networks.
    """
    rows = {}
    for number, arguments in TABLE_7.items():
        arguments = {**arguments, **sizes}
        objective = _OBJECTIVE if number < 4 else {}  # of emotion alone
        row = System(arguments=arguments, objective=objective)
        if number < 3:
            rows[f"model_{number}"] = row
        else:
            plain = System(arguments=arguments, objective=objective, augment=())
            rows |= {f"model_{number}": plain, f"model_{number}_augmented": row}
    return rows


def single_augmentations(**sizes) -> dict[str, System]:
    """The bars of Latif et al. 2022, Figure 2: one type of augmentation, or all.

    With one type the augmentation head is binary, and the rows hold that type only.
    """
    types = {name: (name,) for name in ("speed", "specaugment", "mixup")}
    types["all"] = tuple(types)
    return {
        f"mtl_aug_{name}": System(arguments=sizes, objective=_OBJECTIVE, augment=which)
        for name, which in types.items()
    }


def few_labels(fractions: Iterable[float] = FRACTIONS, **sizes) -> dict[str, System]:
    """The curves of Latif et al. 2022, Figure 3: fractions of the training labels.

    Smaller fractions are parts of larger ones. Utterances without a label serve
    MTL-AUG as unlabelled speech; the baselines go without them.

    Args:
        fractions: above 0, up to 1.
        sizes: arguments of all their networks.

    Returns:
        Rows named by percent, `mtl_aug_20`.
    """
    rows = networks(**sizes)
    del rows["mtl_aug_librispeech"]
    return {
        f"{name}_{round(100 * fraction)}": System(
            arguments=row.arguments,
            objective=row.objective,
            augment=row.augment,
            unlabelled=name == "mtl_aug" and fraction < 1,
            label_fraction=fraction,
        )
        for name, row in rows.items()
        for fraction in fractions
    }


NETWORKS: Mapping[str, System] = networks()

# C = 1, RBF kernel, classes balanced; and what length and average spectrum carry.
CLASSICAL: Mapping[str, System] = {
    "egemaps_svm": System(
        "OpenSmileSVM", arguments={"features": "eGeMAPSv02"}, augment=()
    ),
    "compare_svm": System(
        "OpenSmileSVM", arguments={"features": "ComParE_2016"}, augment=()
    ),
    "length_probe": System("LengthProbe", augment=()),
    "mean_log_mel_probe": System("MeanLogMelProbe", augment=()),
}
