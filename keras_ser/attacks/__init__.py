"""Adversarial attacks on normalised features: FGSM, BIM and PGD.

An attack looks for features x' beside an utterance's x that raise the model's loss,

    |x' − x| ≤ ε in every cell,        x' = 0 in the padding,

with ε in standard deviations of the normalised log-mel. It knows the model and the
true class: what is left of the accuracy is what the worst noise of that size leaves,
as far as the attack finds it.
"""

from keras_ser.attacks.steps import BIM, FGSM, PGD, Attack

ATTACKS: dict[str, type[Attack]] = {"fgsm": FGSM, "bim": BIM, "pgd": PGD}

__all__ = ["ATTACKS", "BIM", "FGSM", "PGD", "Attack"]
