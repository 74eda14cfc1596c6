r"""The proposed network next to other studies: Table 4 of the DenseNet paper.

Paper: Latif et al., Interspeech 2020, section 5.4. The proposed network with speed
perturbation and mixup. IEMOCAP trains, and MSP-IMPROV selects the epoch and is tested.

Command: python examples/robust_densenet_table4.py --corpus iemocap=DIR \
    --corpus msp_improv=DIR
Other corpora, first the one that trains: --preset small --corpus ravdess=DIR \
    --corpus emodb=DIR
To see that it runs, on synthetic speech: --smoke
"""

from pathlib import Path

import keras_ser as ser

CONFIG = Path(__file__).parents[1] / "configs" / "robust_densenet" / "table4.py"
SAME = "iemocap → msp_improv"

"""## One system, and figures of others

The table sets one system next to two studies, whose speech, features and schedules were
their own. Nothing is paired here, so there is no test. The system is the last one of
Figure 2, with a seed of its own.
"""

folder = ser.run(CONFIG, **ser.cli.run_options())
print((folder / "report" / "report.md").read_text(encoding="utf-8"))

"""## What others print for the same two corpora

The figures of this table are missing in the text of our copy. The paper on MTL-AUG,
which compares with one of the two studies as well, prints some for the same training
and test corpus. They can be compared with what was measured only there, and only as far
as the same utterances were tested, which no paper lists.
"""

for test_set, rows in ser.reports.by_test_set(folder).items():
    for system, own in rows.groupby("system"):
        print(f"{test_set}: {system} {ser.reports.uar_with_interval(own)}, measured")
    if test_set != SAME:
        print(f"{test_set} is not {SAME}: the printed figures are of other corpora.")

for each in ser.reports.load_published("mtl_aug", "3").itertuples():
    print(f"{SAME}: {each.row} {each.value:g}, printed")
