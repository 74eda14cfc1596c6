"""Common words for emotions, genders, languages and columns.

Words that are not listed here are not guessed. The readers of a user's own data reject
them and ask for their meaning.
"""

import re
from collections.abc import Iterable, Mapping

from keras_ser.corpora import people

# Nouns of audformat's vocabulary, each with the words that corpora use for it.
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

# Single letters mean different emotions in different corpora.
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
    "start": "starttime begin onset starts startsec startseconds",
    "end": "endtime stop ends endsec endseconds",
    "speaker": "speakerid spk spkid subject subjectid actor actorid participant "
    "participantid talker",
    "session": "sessionid",
    "gender": "sex",
    "language": "lang",
    "emotion": "emo emotions emotionlabel label labels majoremotion class",
    "activation": "arousal emoact",
    "valence": "emoval",
    "dominance": "dom control emodom",
}


# Columns of times that are not in seconds.
_OTHER_UNIT = re.compile(
    "(start|begin|onset|end|stop|offset)(time)?"
    "(ms|msec|milliseconds?|us|ns|samples?|frames?)"
)


def normalise(word: str) -> str:
    """Returns a word in lower case, with spaces for dashes and underscores."""
    word = people.composed(str(word)).casefold()
    return " ".join(word.replace("_", " ").replace("-", " ").split())


def _invert(words: Mapping[str, str]) -> dict[str, str]:
    """Maps every word to the name that it stands for."""
    known = {normalise(name): name for name in words}
    for name, others in words.items():
        for word in others.split():
            known[normalise(word)] = name
    return known


_EMOTIONS = _invert(EMOTIONS) | {normalise(word): "" for word in ["", *UNLABELLED]}
_GENDERS = _invert(GENDERS)
_LANGUAGES = _invert(LANGUAGES)
_COLUMNS = {word.replace(" ", ""): name for word, name in _invert(COLUMNS).items()}


def find_emotion(label: str) -> str | None:
    """Returns the emotion of a label, empty for no emotion, or None if unknown."""
    return _EMOTIONS.get(normalise(label))


def map_labels(
    labels: Iterable[str], own: Mapping[str, str] | None = None
) -> tuple[dict[str, str], list[str]]:
    """Maps the labels of a corpus to emotions.

    Single letters are mapped by the entry of `LETTERS` that contains all of them. If
    there is no such entry, or more than one, the letters are unknown.

    Args:
        labels: All labels of a corpus.
        own: The user's mapping from labels to emotions, which takes precedence.

    Returns:
        A mapping from label to emotion, which is None for an unknown label, and the
        sorted list of unknown labels.
    """
    own = dict(own or {})
    labels = set(labels) - set(own)
    letters = {label for label in labels if len(label.strip(" -")) == 1}
    candidates = [
        known
        for known in LETTERS.values()
        if {letter.strip(" -").upper() for letter in letters} <= set(known)
    ]
    known = {label: find_emotion(label) for label in labels - letters}
    for label in letters:
        known[label] = (
            candidates[0][label.strip(" -").upper()] if len(candidates) == 1 else None
        )
    unknown = sorted(label for label, found in known.items() if found is None)
    return {**known, **own}, unknown


def find_gender(word: str) -> str:
    """Returns `female` or `male`, or an empty text for any other word."""
    return _GENDERS.get(normalise(word), "")


def find_language(word: str) -> str:
    """Returns the ISO 639-3 code of a language, or an empty text if it is unknown.

    Args:
        word: A code, such as `deu`, `de` or `en-US`, or an English name.
    """
    first = normalise(word).partition(" ")[0]
    return _LANGUAGES.get(first, "")


def find_column(header: str) -> str:
    """Returns the table's column for a header, or an empty text if it is unknown."""
    return _COLUMNS.get(normalise(header).replace(" ", ""), "")


def has_other_unit(header: str) -> bool:
    """Whether a header names the times of segments in another unit than seconds."""
    return bool(_OTHER_UNIT.fullmatch(normalise(header).replace(" ", "")))
