r"""What do embeddings say of the corpus? Figure 2 of the paper on SER in the wild.

Paper: Parry et al., Interspeech 2022, section 6. Embeddings of the baseline, of
multi-task learning and of gradient reversal, the latter two with the corpus, drawn with
t-SNE and coloured by corpus.

Command: python examples/in_the_wild_figure2.py --corpus crema_d=DIR \
    --corpus emodb=DIR --corpus emovo=DIR --corpus epst=DIR --corpus iemocap=DIR \
    --corpus ravdess=DIR --corpus savee=DIR --corpus tess=DIR
On freely available speech, see configs/in_the_wild/tess.py.
To see that it runs, on synthetic speech: --smoke
"""

from pathlib import Path

import pandas as pd

import keras_ser as ser

CONFIG = Path(__file__).parents[1] / "configs" / "in_the_wild" / "paper.py"
SYSTEMS = ("baseline", "mtl_corpus", "gr_corpus")

"""## A picture and a measurement

t-SNE draws neighbours as neighbours. It says little about distances, and clusters in it
may come and go with its settings. So a classifier also looks for the corpus in the
embeddings: a logistic regression that is fitted to training speakers and scored on
speakers who were held out. Its UAR (unweighted average recall) is compared with chance
and with that of the same network before its training.
"""

options = ser.cli.run_options()
options["systems"] = options["systems"] or SYSTEMS
folder = ser.run(CONFIG, **options)
print(f"Pictures, coloured by each attribute: {folder / 'report'}")

"""## Hidden or not?

In the paper, the points of multi-task learning form clusters by corpus, and those of
the other two systems do not. A probe can still find a corpus in points without
clusters.
"""

probes = [
    pd.read_csv(path).assign(system=path.parents[1].name)
    for path in sorted(folder.glob("*/*/probes.csv"))
]
found = pd.concat(probes)
print(found.groupby(["column", "system", "network"])[["uar", "chance"]].mean().round(3))
