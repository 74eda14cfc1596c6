"""Robustness of finished runs to noise, attacks, gain, band limits and lossy coding."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["evaluation", "finished_runs", "report", "waveform_attack"],
    submod_attrs={"evaluation": ["evaluate"]},
)
