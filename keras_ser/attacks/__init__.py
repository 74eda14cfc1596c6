"""Adversarial attacks on normalised features: FGSM, BIM and PGD.

An attack searches for features x' close to the features x of an utterance that raise
the loss of the model,

    |x' − x| ≤ ε in every cell,        x' = 0 in the padding,

with ε in standard deviations of the normalised features. The attack knows the model and
the true class. The remaining accuracy is therefore the accuracy under the worst noise
of that size, as far as the attack finds it.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["gradient", "steps"],
    submod_attrs={"steps": ["ATTACKS", "BIM", "FGSM", "PGD", "Attack"]},
)
