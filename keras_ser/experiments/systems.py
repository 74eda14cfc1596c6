"""The systems of the papers' tables, as rows of an experiment."""

import dataclasses
from collections.abc import Iterable, Mapping

from keras_ser.experiments.config import System
from keras_ser.models import BASELINE, TABLE_7

_OBJECTIVE = {"center": 1e-3, "auxiliary": 0.3}  # λ2 and λ1 of MTL-AUG's loss
FRACTIONS = (0.2, 0.4, 0.6, 0.8, 0.9, 1.0)
SPEAKERS = (0, 8, 24)  # as many as RAVDESS has
_DENSENETS = {
    "cnn": "CNN",
    "cnn_lstm": "CNNLSTM",
    "densenet": "DenseNet",
    "densenet_lstm": "DenseNetLSTM",
    "densenet_highway": "DenseNetHighway",
}
_DENSENET_AUGMENT = {
    "densenet_highway": (),
    "densenet_highway_speed": ("speed",),
    "densenet_highway_mixup": ("mixup",),
    "densenet_highway_both": ("speed", "mixup"),
}

# A ReLU and max pooling after each convolution, because there is no prior to match.
_CNN = {
    "reconstruction": False,
    "adversarial": False,
    "stages": 2,
    "prior": "half_normal",
}
_MULTI = {"speaker": True, "gender": True}
_SS_AAE: dict[str, dict] = {
    "cnn_single": _CNN,
    "cnn_multi": {**_CNN, **_MULTI},
    "ae_single": {"adversarial": False},
    "ae_multi": {"adversarial": False, **_MULTI},
    "aae_single": {},
    "aae_gender": {"gender": True},
    "aae_speaker": {"speaker": True},
    "ss_aae": _MULTI,
}


def networks(**sizes) -> dict[str, System]:
    """Returns the systems of Latif et al. 2022, Table 2, that are the paper's own.

    `baseline` trains on unaugmented speech. `baseline_augmented` is the same network
    on the augmented rows of `mtl_aug`, and the reference that `mtl_aug` is compared
    with. `mtl_aug_librispeech` also trains on unlabelled speech.

    Args:
        **sizes: Arguments of all networks, such as `preset="paper"`.

    Returns:
        The systems by name.
    """
    baseline = {**BASELINE, **sizes}
    return {
        "baseline": System(arguments=baseline, augment=()),
        "baseline_augmented": System(arguments=baseline),
        "mtl_aug": System(arguments=sizes, objective=_OBJECTIVE),
        "mtl_aug_librispeech": System(
            arguments=sizes, objective=_OBJECTIVE, use_unlabelled=True
        ),
    }


def frame_systems(speed: bool = True, **sizes) -> dict[str, System]:
    """Returns systems on frames of a pre-trained network, which stays as it is.

    `frame_svm` is a support vector machine on the mean and standard deviation of the
    frames of an utterance. The other three are those of `networks` with the encoder of
    frames, which a front-end without an order of its dimensions gives them.
    `baseline_augmented` and `mtl_aug` train on the same rows, in which SpecAugment
    masks channels and time.

    Args:
        speed: Whether they train on speed-perturbed speech, too. `features.Stored` has
            features of such speech only if they were stored.
        **sizes: Arguments of all networks, such as `preset="paper"`.

    Returns:
        The systems by name.
    """
    baseline = {**BASELINE, **sizes}
    augment = {"specaugment": {"channels": True}, "mixup": {}}
    augment = {"speed": {}, **augment} if speed else augment
    return {
        "frame_svm": System("FrameSVM", augment=()),
        "baseline": System(arguments=baseline, augment=()),
        "baseline_augmented": System(arguments=baseline, augment=augment),
        "mtl_aug": System(arguments=sizes, objective=_OBJECTIVE, augment=augment),
    }


def densenets(**sizes) -> dict[str, System]:
    """Returns the networks of Latif et al., Interspeech 2020, Table 1.

    None of them trains on augmented speech. `densenet_highway` is the network that the
    paper proposes. `cnn` and `cnn_lstm` have a shallow encoder, and the others have a
    deep one that is densely connected.

    Args:
        **sizes: Arguments of all networks, such as `preset="paper"`.

    Returns:
        The systems by name.
    """
    return {
        name: System(model, arguments=sizes, augment=())
        for name, model in _DENSENETS.items()
    }


def augmented_densenets(**sizes) -> dict[str, System]:
    """Returns the network of Latif et al., Interspeech 2020, by its augmentations.

    These are the augmentation settings of the paper: none, speed perturbation, mixup,
    and both. All make the same number of updates per epoch, because each utterance
    gives as many rows with any of them; see `Training.rows_per_utterance`.

    Args:
        **sizes: Arguments of the network, such as `preset="paper"`.

    Returns:
        The systems by name. `densenet_highway` is that of `densenets`.
    """
    return {
        name: System("DenseNetHighway", arguments=sizes, augment=which)
        for name, which in _DENSENET_AUGMENT.items()
    }


def comparison_models(**sizes) -> dict[str, System]:
    """Returns the models that Latif et al. 2022 compare MTL-AUG with in Tables 5 and 6.

    `cnn_blstm_attention` and `cnn_attention` are our reading of the descriptions in
    the paper, in a single size, without augmentation. `densenet_highway_both`, printed
    as "DenseNet (STL) (+augmentations)", is the network of Latif et al., Interspeech
    2020, with speed perturbation and mixup; see `augmented_densenets`. It gets the
    features and the schedule of the experiment, like all other systems.

    Args:
        **sizes: Arguments of the DenseNet, such as `preset="paper"`.

    Returns:
        The systems by name.
    """
    both = "densenet_highway_both"
    return {
        "cnn_blstm_attention": System("CNNBLSTMAttention", augment=()),
        "cnn_attention": System("CNNAttention", augment=()),
        both: augmented_densenets(**sizes)[both],
    }


def ablation(**sizes) -> dict[str, System]:
    """Returns the models of Latif et al. 2022, Table 7; each lacks one more part.

    The paper does not say which of them were trained on augmented speech. Models 3 to
    5, which have neither augmentation head nor decoder, are therefore listed twice:
    without augmentation, and as `…_augmented`. This separates the effect of the tasks
    from that of the data.

    Args:
        **sizes: Arguments of all networks, such as `preset="paper"`.

    Returns:
        The systems by name, such as `model_3` and `model_3_augmented`.
    """
    rows = {}
    for number, arguments in TABLE_7.items():
        arguments = {**arguments, **sizes}
        objective = _OBJECTIVE if number < 4 else {}  # models 4 and 5: emotion only
        row = System(arguments=arguments, objective=objective)
        if number < 3:
            rows[f"model_{number}"] = row
        else:
            unaugmented = System(arguments=arguments, objective=objective, augment=())
            rows |= {f"model_{number}": unaugmented, f"model_{number}_augmented": row}
    return rows


def single_augmentations(**sizes) -> dict[str, System]:
    """Returns the systems of Latif et al. 2022, Figure 2: one augmentation, or all.

    With one type of augmentation, the augmentation head is binary, and all augmented
    rows are of that type.

    Args:
        **sizes: Arguments of all networks, such as `preset="paper"`.

    Returns:
        The systems by name: `mtl_aug_speed`, `mtl_aug_specaugment`, `mtl_aug_mixup`
        and `mtl_aug_all`.
    """
    types = {name: (name,) for name in ("speed", "specaugment", "mixup")}
    types["all"] = tuple(types)
    return {
        f"mtl_aug_{name}": System(arguments=sizes, objective=_OBJECTIVE, augment=which)
        for name, which in types.items()
    }


def few_labels(fractions: Iterable[float] = FRACTIONS, **sizes) -> dict[str, System]:
    """Returns the systems of Latif et al. 2022, Figure 3: fractions of the labels.

    Smaller fractions are subsets of larger ones. MTL-AUG uses the utterances that lost
    their label as unlabelled speech; the baselines do not use them.

    Args:
        fractions: The fractions of the training utterances that keep their label,
            above 0 and up to 1.
        **sizes: Arguments of all networks, such as `preset="paper"`.

    Returns:
        The systems by name, which ends in the percentage, such as `mtl_aug_20`.

    Raises:
        ValueError: If two fractions have the same percentage.
    """
    fractions = list(fractions)
    percents = [round(100 * fraction) for fraction in fractions]
    if len(set(percents)) < len(percents):
        raise ValueError(
            "`fractions` must differ in whole percents, which name the systems. "
            f"Received: {fractions}. Leave out or change one of them."
        )
    rows = networks(**sizes)
    del rows["mtl_aug_librispeech"]
    return {
        f"{name}_{round(100 * fraction)}": System(
            arguments=row.arguments,
            objective=row.objective,
            augment=row.augment,
            use_unlabelled=name == "mtl_aug" and fraction < 1,
            label_fraction=fraction,
        )
        for name, row in rows.items()
        for fraction in fractions
    }


def ss_aae(**sizes) -> dict[str, System]:
    """Returns the networks of Rana et al., arXiv:1907.06078, Tables II to IV, Figure 2.

    `ss_aae` is the network that the paper proposes: an adversarial autoencoder whose
    code is classified by emotion, speaker and gender. The other names say which parts
    a network has. `cnn_…` has neither decoder nor discriminator, and two convolutions
    instead of three; `ae_…` has a decoder but no discriminator; `aae_…` has both. The
    second part of a name is that of the tasks: emotion alone (`…_single`), emotion with
    `…_gender` or `…_speaker`, or all three (`…_multi`).

    All but `cnn_single`, which has nothing to learn from it, train on unlabelled
    speech. Batch normalisation uses the moments of the labelled rows, so that it
    normalises in training as in the tests. None of the networks trains on augmented
    speech. α and β of the losses are those of the model.

    Args:
        **sizes: Arguments of all networks, such as `preset="paper"`.

    Returns:
        The systems by name.
    """
    return {
        name: System(
            "SSAAE",
            arguments={"moments": "labelled", **parts, **sizes},
            augment=(),
            use_unlabelled=name != "cnn_single",
        )
        for name, parts in _SS_AAE.items()
    }


def ss_aae_speakers(counts: Iterable[int] = SPEAKERS, **sizes) -> dict[str, System]:
    """Returns the systems of Rana et al., Figure 3: SS-AAE by its auxiliary speakers.

    The speakers of a smaller count are among those of a larger one. With 0, the network
    trains on the labelled speech alone.

    Args:
        counts: The numbers of speakers of unlabelled speech; see
            `System.unlabelled_speakers`.
        **sizes: Arguments of all networks, such as `preset="paper"`.

    Returns:
        The systems by name, which ends in the count, such as `ss_aae_8`.
    """
    row = ss_aae(**sizes)["ss_aae"]
    return {
        f"ss_aae_{count}": dataclasses.replace(row, unlabelled_speakers=count)
        for count in counts
    }


NETWORKS: Mapping[str, System] = networks()

# SVMs (C = 1, RBF kernel, balanced classes), and probes that show how much the length
# and the mean spectrum of an utterance say about its emotion.
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
