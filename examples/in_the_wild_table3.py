r"""Do several attributes help more than one? Table 3 of the paper on SER in the wild.

Paper: Parry et al., Interspeech 2022, section 5. Six corpora train, and TESS and
CREMA-D are tested as a whole, on negative, neutral and positive speech. Some of the
corpora need a licence from their publishers.

Command: python examples/in_the_wild_table3.py --corpus crema_d=DIR \
    --corpus emodb=DIR --corpus emovo=DIR --corpus epst=DIR --corpus iemocap=DIR \
    --corpus ravdess=DIR --corpus savee=DIR --corpus tess=DIR
On freely available speech, see configs/in_the_wild/tess.py.
To see that it runs, on synthetic speech: --smoke
"""

from pathlib import Path

import keras_ser as ser

CONFIG = Path(__file__).parents[1] / "configs" / "in_the_wild" / "paper.py"
SETS = (
    "speaker_gender",
    "speaker_language",
    "gender_language",
    "corpus_gender_language",
    "corpus_speaker_language",
    "corpus_speaker_gender_language",
)
SYSTEMS = (
    "baseline",
    *(f"{way}_{each}" for each in SETS for way in ("mtl", "gr", "ad")),
)
QUICK = ("baseline", "mtl_gender_language", "gr_speaker_language", "ad_speaker_gender")

"""## All sets of attributes are one experiment

The loss has a share α for the mean loss of the attributes, however many there are.
These systems, those of Table 2 and all other sets belong to one experiment, so that
they share folds and seeds. A run of another table adds its systems to the report.

A smoke test takes four of the nineteen systems.
"""

options = ser.cli.run_options()
if not options["systems"]:
    options["systems"] = QUICK if options["smoke"] else SYSTEMS
folder = ser.run(CONFIG, **options)
print((folder / "report" / "report.md").read_text(encoding="utf-8"))

"""## The best set, and all four

The paper finds no best set: all four attributes together are not better than the best
two. For each way, the lines below name the set with the highest UAR (unweighted average
recall) on each test set. The highest of several figures is too high by chance, so it is
a question for another experiment and not an answer.
"""

for test_set, rows in ser.reports.by_test_set(folder).items():
    systems = dict(list(rows.groupby("system")))
    scored = {
        name: ser.scores.uar(own.truth, own.prediction) for name, own in systems.items()
    }
    for way in ("mtl", "gr", "ad"):
        own = [name for name in scored if name.startswith(f"{way}_")]
        for name in sorted(own, key=scored.get, reverse=True)[:1]:
            score = ser.reports.uar_with_interval(systems[name])
            print(f"{test_set}: best of {way}: {name}, UAR {score}")
