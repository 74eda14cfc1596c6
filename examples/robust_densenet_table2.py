r"""Do depth and augmentation protect from noise? Table 2 of the DenseNet paper.

Paper: Latif et al., Interspeech 2020, section 5.2. Systems are trained on clean speech
and tested with noise of DEMAND at 20, 10 and 0 dB, on IEMOCAP, four emotions.

Command: python examples/robust_densenet_table2.py --corpus iemocap=DIR \
    --corpus demand=DIR
Other speech and noise: --preset small --corpus ravdess=DIR --corpus noise=DIR
To see that it runs, on synthetic speech and noise: --smoke
"""

from pathlib import Path

import keras_ser as ser

CONFIG = Path(__file__).parents[1] / "configs" / "robust_densenet" / "table2.py"
RATIOS = ("20", "10", "0")

"""## Eight systems

The five networks of Table 1 train without augmentation. The proposed network also
trains with speed perturbation, with mixup and with both. Augmented rows take the place
of unaugmented ones, so that all systems make the same number of updates. Otherwise,
augmentation would also be longer training.

The figures of this table are missing in the text of our copy of the paper, so the
report has notes in their place. The paper on MTL-AUG quotes one row.
"""

folder = ser.run(CONFIG, **ser.cli.run_options())
print((folder / "report" / "report.md").read_text(encoding="utf-8"))

"""## Two claims

The paper says that dense blocks withstand noise better than shallow convolutions, and
that mixup helps more than speed perturbation. Each claim is a difference between two
systems under the same noise. The claim is of robustness only if that difference is
larger in noise than on clean speech.
"""

CLAIMS = {
    "proposed against CNN-LSTM": ("densenet_highway", "cnn_lstm"),
    "mixup against speed": ("densenet_highway_mixup", "densenet_highway_speed"),
    "both against neither": ("densenet_highway_both", "densenet_highway"),
}

for condition in ("clean", *(f"noise:all:{ratio}" for ratio in RATIOS)):
    for test_set, rows in ser.reports.by_test_set(folder, condition).items():
        systems = dict(list(rows.groupby("system")))
        for what, (one, other) in CLAIMS.items():
            if one in systems and other in systems:
                gain = ser.reports.difference(systems[one], systems[other])
                print(f"{test_set}, {condition}: {what}, {gain.text} points of UAR")
