"""Experiments: systems × protocol × folds × repeats, from a config to a report."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "checks",
        "classical",
        "config",
        "config_file",
        "experiment",
        "extraction",
        "fold_checks",
        "inputs",
        "job",
        "lookup",
        "network",
        "overrides",
        "plan",
        "run_folder",
        "runner",
        "speed_probe",
        "systems",
        "training",
        "training_settings",
        "values",
        "variants",
    ],
    submod_attrs={
        "experiment": ["prepare_features", "run"],
        "config": [
            "PAPER_TRAINING",
            "Experiment",
            "Features",
            "System",
            "Training",
        ],
        "config_file": ["load_config"],
        "systems": [
            "CLASSICAL",
            "NETWORKS",
            "ablation",
            "few_labels",
            "networks",
            "comparison_models",
            "single_augmentations",
        ],
    },
)
