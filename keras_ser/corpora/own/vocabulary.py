"""The words that people write for emotions, genders, languages and columns.

What is not listed here is not guessed: readers of a user's own data refuse it and ask.
"""

from collections.abc import Iterable, Mapping

# Nouns of audformat's vocabulary, and what corpora write for them.
EMOTIONS: dict[str, str] = {
    "amusement": "amused",
    "anger": "ang angry mad hot_anger ärger aerger wut wütend zorn rabbia colère ira "
    "enojo enfado",
    "anxiety": "anxious nervous",
    "boredom": "bor bored boredem langeweile noia ennui aburrimiento",
    "calm": "cal calmness relaxed ruhe ruhig",
    "cold anger": "",
    "confusion": "confused",
    "contempt": "contemptuous verachtung",
    "despair": "verzweiflung",
    "disgust": "dis disgusted ekel disgusto dégoût asco",
    "elation": "elated",
    "excitement": "exc excited",
    "fear": "fea fearful afraid scared angst furcht paura peur miedo",
    "frustration": "fru frustrated",
    "happiness": "hap happy joy joyful freude glücklich gioia joie felicidad alegría",
    "interest": "interested",
    "irritation": "irritated",
    "neutral": "neu neutrality neutro neutre",
    "other": "oth others sonstige",
    "panic": "",
    "pride": "proud",
    "sadness": "sad trauer traurig traurigkeit tristezza tristesse tristeza",
    "shame": "ashamed",
    "surprise": "sur surprised suprise suprised ps pleasant_surprise "
    "pleasant_surprised überraschung ueberraschung sorpresa",
}
UNLABELLED = (
    "xxx unknown unlabelled unlabeled none nan null n/a no_agreement no_label -"
).split()

# One letter is one emotion in one corpus and another one in the next.
LETTERS = {
    "EMO-DB": {
        "W": "anger",
        "L": "boredom",
        "E": "disgust",
        "A": "fear",
        "F": "happiness",
        "T": "sadness",
        "N": "neutral",
    },
    "English": {
        "A": "anger",
        "C": "contempt",
        "D": "disgust",
        "F": "fear",
        "H": "happiness",
        "N": "neutral",
        "O": "other",
        "S": "sadness",
        "U": "surprise",
        "X": "",
    },
}

GENDERS = {
    "female": "f w woman weiblich frau femme feminine fem femminile",
    "male": "m man männlich maennlich mann homme masculine masc maschile",
}
LANGUAGES = {
    "amh": "am amharic",
    "ara": "ar arabic",
    "ben": "bn bengali bangla",
    "cmn": "zh zho chinese mandarin",
    "deu": "de ger german deutsch",
    "ell": "el gre greek",
    "eng": "en english",
    "fas": "fa per persian farsi",
    "fra": "fr fre french français",
    "hin": "hi hindi",
    "ita": "it italian italiano",
    "jpn": "ja japanese",
    "kor": "ko korean",
    "nld": "nl dut dutch",
    "pol": "pl polish",
    "por": "pt portuguese",
    "rus": "ru russian",
    "spa": "es spanish español",
    "swe": "sv swedish",
    "tur": "tr turkish",
    "urd": "ur urdu",
}
COLUMNS = {
    "file": "filename filepath filepaths path wav wavfile wavpath audio audiofile "
    "audiopath audiofilepath",
    "start": "starttime begin onset",
    "end": "endtime stop",
    "speaker": "speakerid spk spkid subject subjectid actor actorid participant "
    "participantid talker",
    "session": "sessionid",
    "gender": "sex",
    "language": "lang",
    "emotion": "emo emotions emotionlabel label labels majoremotion class",
    "activation": "arousal emoact",
    "valence": "emoval",
}


def plain(word: str) -> str:
    """A word as it is compared: lower case, blanks for dashes and underscores."""
    return " ".join(str(word).casefold().replace("_", " ").replace("-", " ").split())


def _table(words: Mapping[str, str]) -> dict[str, str]:
    """From every word to the name that it stands for."""
    known = {plain(name): name for name in words}
    for name, others in words.items():
        for word in others.split():
            known[plain(word)] = name
    return known


_EMOTIONS = _table(EMOTIONS) | {plain(word): "" for word in ["", *UNLABELLED]}
_GENDERS = _table(GENDERS)
_LANGUAGES = _table(LANGUAGES)
_COLUMNS = {word.replace(" ", ""): name for word, name in _table(COLUMNS).items()}


def emotion(label: str) -> str | None:
    """The emotion that a label stands for, empty for none; None if not known."""
    return _EMOTIONS.get(plain(label))


def emotions(
    labels: Iterable[str], own: Mapping[str, str] | None = None
) -> tuple[dict[str, str], list[str]]:
    """What labels stand for, as far as it is known.

    Single letters are read by the one of `LETTERS` that knows them all; where two
    do, they are not known.

    Args:
        labels: all labels of a corpus.
        own: what the user says of some; it comes first.

    Returns:
        Emotions by label, and the labels that are not known, sorted.
    """
    own = dict(own or {})
    labels = set(labels) - set(own)
    letters = {label for label in labels if len(label.strip(" -")) == 1}
    readings = [
        known
        for known in LETTERS.values()
        if {letter.strip(" -").upper() for letter in letters} <= set(known)
    ]
    known = {label: emotion(label) for label in labels - letters}
    for label in letters:
        known[label] = (
            readings[0][label.strip(" -").upper()] if len(readings) == 1 else None
        )
    unknown = sorted(label for label, found in known.items() if found is None)
    return {**known, **own}, unknown


def gender(word: str) -> str:
    """`female`, `male`, or empty for all else."""
    return _GENDERS.get(plain(word), "")


def language(word: str) -> str:
    """ISO 639-3 code of a code or an English name, `en-US`; empty if not known."""
    first = plain(word).partition(" ")[0]
    return _LANGUAGES.get(first, "")


def column(header: str) -> str:
    """The column of the table that a header stands for; empty if not known."""
    return _COLUMNS.get(plain(header).replace(" ", ""), "")
