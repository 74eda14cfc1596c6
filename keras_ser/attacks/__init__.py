"""Adversarial attacks on normalised features: FGSM, BIM and PGD.

An attack looks for features x' beside an utterance's x that raise the model's loss,

    |x' − x| ≤ ε in every cell,        x' = 0 in the padding,

with ε in standard deviations of the normalised log-mel. It knows the model and the
true class: what is left of the accuracy is what the worst noise of that size leaves,
as far as the attack finds it.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["gradient", "steps"],
    submod_attrs={"steps": ["ATTACKS", "BIM", "FGSM", "PGD", "Attack"]},
)
