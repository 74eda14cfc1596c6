r"""Does an attribute help out of domain? Table 2 of the paper on SER in the wild.

Paper: Parry et al., Interspeech 2022, section 5. Six corpora train, and TESS and
CREMA-D are tested as a whole, on negative, neutral and positive speech. Some of the
corpora need a licence from their publishers.

Command: python examples/in_the_wild_table2.py --corpus crema_d=DIR \
    --corpus emodb=DIR --corpus emovo=DIR --corpus epst=DIR --corpus iemocap=DIR \
    --corpus ravdess=DIR --corpus savee=DIR --corpus tess=DIR
On freely available speech, see configs/in_the_wild/tess.py.
To see that it runs, on synthetic speech: --smoke
"""

from pathlib import Path

import keras_ser as ser

CONFIG = Path(__file__).parents[1] / "configs" / "in_the_wild" / "paper.py"
ATTRIBUTES = ("corpus", "gender", "speaker", "language")
SYSTEMS = (
    "baseline",
    *(f"{way}_{a}" for way in ("mtl", "gr", "ad") for a in ATTRIBUTES),
)
QUICK = ("baseline", "mtl_gender", "gr_language", "ad_corpus")

"""## Three ways to use an attribute

The corpus, the gender, the speaker and the language of an utterance are known without
listening to it. A model can learn such an attribute (`mtl_…`), or it can be kept from
using it: `gr_…` reverses the gradient of the attribute's head before it reaches the
shared layers, and `ad_…` trains a discriminator of the attribute on the emotion's
posterior, against which the model works.

A smoke test takes four of the thirteen systems.
"""

options = ser.cli.run_options()
if not options["systems"]:
    options["systems"] = QUICK if options["smoke"] else SYSTEMS
folder = ser.run(CONFIG, **options)
print((folder / "report" / "report.md").read_text(encoding="utf-8"))

"""## Where does it help?

The question of the paper is how a model does on corpora of which it has heard nothing.
Each fold is another training, which is tested on the same speech out of domain, and on
other speakers in domain. A difference of a point or two between systems means little if
trainings of the same system differ as much.
"""

for test_set, rows in ser.reports.by_test_set(folder).items():
    systems = dict(list(rows.groupby("system")))
    for name, own in systems.items():
        line = f"{test_set}: {name}, UAR {ser.reports.uar_with_interval(own)}"
        if name != "baseline" and "baseline" in systems:
            line += f", {ser.reports.difference(own, systems['baseline']).text}"
        print(line)
