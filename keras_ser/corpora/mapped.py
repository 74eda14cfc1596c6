"""Maps from an emotion to a binary level of activation and of valence.

Corpora of acted speech have no ratings. Studies across corpora therefore often give
each emotion the half of the activation axis and of the valence axis in which it lies,
such as Schuller et al. (2010), "Cross-corpus acoustic emotion recognition: variances
and strategies", IEEE Transactions on Affective Computing 1(2).

Anger, fear and happiness are clear cases, and so are the low activation of sadness and
boredom and the negative valence of both. All others are decisions, because a binary
level has no middle:

- `neutral` and `calm` are low and positive: nothing activates, nothing displeases.
- `surprise` is high and positive, because corpora that name its kind have the pleasant
  one, such as TESS.
- `disgust`, `contempt` and `shame` are low and negative: they are spoken with less
  energy than anger. Portrayals of disgust vary more than those of the others.
- `cold anger`, `irritation` and `frustration` are high like anger, although weaker, and
  `anxiety`, `panic` and `despair` are high like fear.
- `amusement`, `elation`, `excitement`, `interest` and `pride` are high and positive,
  like happiness.

Left out are `confusion`, whose level depends on the situation on both axes, and
`other`, which is not a single emotion.
"""

HIGH_NEGATIVE = (
    *("anger", "anxiety", "cold anger", "despair", "fear", "frustration"),
    *("irritation", "panic"),
)
LOW_NEGATIVE = ("boredom", "contempt", "disgust", "sadness", "shame")
HIGH_POSITIVE = (
    *("amusement", "elation", "excitement", "happiness", "interest", "pride"),
    "surprise",
)
LOW_POSITIVE = ("calm", "neutral")
LEFT_OUT = ("confusion", "other")

ACTIVATION: dict[str, str] = {
    **dict.fromkeys((*HIGH_NEGATIVE, *HIGH_POSITIVE), "high"),
    **dict.fromkeys((*LOW_NEGATIVE, *LOW_POSITIVE), "low"),
}
VALENCE: dict[str, str] = {
    **dict.fromkeys((*HIGH_NEGATIVE, *LOW_NEGATIVE), "negative"),
    **dict.fromkeys((*HIGH_POSITIVE, *LOW_POSITIVE), "positive"),
}
