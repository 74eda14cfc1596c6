"""Search for settings, inside a fold or on speakers who are then never tested.

KerasTuner proposes values, and a trial is the experiment's own training with these
values. The speakers that score a trial take part in no test.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "config_file",
        "folds",
        "oracles",
        "report",
        "space",
        "study",
        "trials",
        "tune",
    ],
    submod_attrs={
        "space": ["Choice", "Range", "parse_dimension"],
        "study": ["ORACLES", "Search"],
        "tune": ["search"],
    },
)
