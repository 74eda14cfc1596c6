"""Search for settings: inside a fold, or on speakers who are then never tested.

KerasTuner proposes values, a trial is an experiment's own training with them, and what
it is scored on takes part in no test.
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
        "space": ["Choice", "Range", "parse"],
        "study": ["ORACLES", "Search"],
        "tune": ["search"],
    },
)
