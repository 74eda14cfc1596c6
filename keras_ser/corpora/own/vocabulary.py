"""Common words for emotions, genders, languages and columns.

Words that are not listed here are not guessed. The readers of a user's own data reject
them and ask for their meaning.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping

from keras_ser.corpora import people

# Nouns of audformat's vocabulary, each with the words that corpora use for it: English
# ones and abbreviations, then German, Spanish, French and Italian nouns and adjectives.
# Accents may be left out, and an umlaut may be written as two letters.
EMOTIONS: dict[str, str] = {
    "amusement": "amused belustigt divertido divertida amusé amusée divertito "
    "divertita",
    "anger": "ang angry mad hot_anger ärger ärgerlich verärgert wut wütend zorn "
    "zornig ira rabia enojo enojado enojada enfado enfadado enfadada colère "
    "en_colère fâché fâchée rabbia arrabbiato arrabbiata",
    "anxiety": "anxious nervous nervös nervioso nerviosa ansiedad anxiété anxieux "
    "anxieuse ansia ansioso ansiosa",
    "boredom": "bor bored boredem langeweile gelangweilt aburrimiento aburrido "
    "aburrida ennui ennuyé ennuyée noia annoiato annoiata",
    "calm": "cal calmness relaxed ruhe ruhig gelassen calma tranquilo tranquila "
    "calme calmo",
    "cold anger": "",
    "confusion": "confused verwirrung verwirrt confusión confundido confundida "
    "confus confuse confusione confuso confusa",
    "contempt": "contemptuous verachtung verächtlich desprecio despectivo "
    "despectiva mépris méprisant méprisante disprezzo sprezzante",
    "despair": "verzweiflung verzweifelt desesperación desespero désespoir "
    "disperazione disperato disperata",
    "disgust": "dis disgusted ekel angeekelt asco asqueado asqueada dégoût dégoûté "
    "dégoûtée disgusto disgustato disgustata",
    "elation": "elated",
    "excitement": "exc excited aufregung aufgeregt excitación entusiasmo "
    "entusiasmado entusiasmada excitation excité excitée eccitazione eccitato "
    "eccitata",
    "fear": "fea fearful afraid scared angst ängstlich furcht miedo temor asustado "
    "asustada peur apeuré apeurée effrayé effrayée paura impaurito impaurita "
    "spaventato spaventata",
    "frustration": "fru frustrated frustriert frustración frustrado frustrada "
    "frustré frustrée frustrazione frustrato frustrata",
    "happiness": "hap happy joy joyful freude freudig fröhlich froh glücklich "
    "felicidad feliz alegría alegre joie joyeux joyeuse bonheur heureux heureuse "
    "gioia gioioso gioiosa felicità felice allegria allegro allegra",
    "interest": "interested interessiert interés interesado interesada intérêt "
    "intéressé intéressée interesse interessato interessata",
    "irritation": "irritated gereizt irritado irritada irrité irritée irritato "
    "irritata",
    "neutral": "neu neutrality neutralité neutre neutro neutra neutrale",
    "other": "oth others sonstige andere otro otra autre altro altra",
    "panic": "panik pánico panique panico",
    "pride": "proud stolz orgullo orgulloso orgullosa fierté fier fière orgoglio "
    "orgoglioso orgogliosa",
    "sadness": "sad trauer traurig traurigkeit tristeza triste tristesse tristezza",
    "shame": "ashamed scham beschämt vergüenza avergonzado avergonzada honte "
    "honteux honteuse vergogna",
    "surprise": "sur surprised suprise suprised ps pleasant_surprise "
    "pleasant_surprised überraschung überrascht sorpresa sorprendido sorprendida "
    "surpris sorpreso",
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
    "female": "f w woman weiblich frau femme féminin féminine fem femenino femenina "
    "mujer femminile femmina donna",
    "male": "m man männlich mann homme masculin masculine masc masculino masculina "
    "hombre varón maschile maschio uomo",
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
    "file": "filename filepath filepaths fileid path wav wavfile wavpath audio "
    "audiofile audiopath audiofilepath datei dateiname pfad archivo fichero ruta "
    "fichier chemin percorso",
    "start": "starttime begin onset starts startsec startseconds anfang beginn "
    "inicio début inizio",
    "end": "endtime stop ends endsec endseconds ende fin fine",
    "speaker": "speakerid spk spkid subject subjectid actor actorid participant "
    "participantid talker sprecher sprecherin hablante locutor locuteur parlante "
    "locutore",
    "session": "sessionid sitzung sesión séance sessione",
    "gender": "sex geschlecht género sexo genre sexe genere sesso",
    "language": "lang sprache idioma lengua langue lingua",
    "emotion": "emo emotions emotionlabel label labels majoremotion class gefühl "
    "emoción émotion emozione etiqueta étiquette etichetta",
    "activation": "arousal emoact aktivierung erregung activación attivazione",
    "valence": "emoval valenz valencia valenza",
    "dominance": "dom control emodom dominanz dominancia dominanza",
}


UMLAUTS = {"ä": "ae", "ö": "oe", "ü": "ue"}

DURATIONS = "duration durations durationsec durationseconds dur durs dauer".split()
# Words of columns that may bound segments, in another unit or under another name.
TIME_WORDS: dict[str, set[str]] = {
    "start": {"start", "begin", "onset", "offset"},
    "end": {"end", "stop", "offset"},
    "duration": {"duration", "dur", "length", "len"},
}
TIME_NAMES: dict[str, set[str]] = {  # whole headers with the same meaning
    "start": {"from", "tmin", "xmin", "t0"},
    "end": {"to", "tmax", "xmax", "t1"},
    "duration": set(),
}
DATE_WORDS = {"date", "day", "month", "year"}
_UNIT = re.compile("(time)?(ms|msec|milliseconds?|us|ns|samples?|frames?|s|sec)")


def normalise(word: str) -> str:
    """Returns a word in lower case, with spaces for dashes and underscores."""
    word = people.composed(str(word)).casefold()
    return " ".join(word.replace("_", " ").replace("-", " ").split())


def without_accents(word: str) -> str:
    """Returns a normalised word as people write it without accents.

    An umlaut becomes two letters: ü and ue are the same.
    """
    for umlaut, letters in UMLAUTS.items():
        word = word.replace(umlaut, letters)
    parts = unicodedata.normalize("NFD", word)
    return "".join(each for each in parts if not unicodedata.combining(each))


def _invert(words: Mapping[str, str]) -> dict[str, str]:
    """Maps every word, with and without its accents, to the name that it stands for."""
    known = {normalise(name): name for name in words}
    for name, others in words.items():
        for word in map(normalise, others.split()):
            known[word] = known[without_accents(word)] = name
    return known


_EMOTIONS = _invert(EMOTIONS) | {normalise(word): "" for word in ["", *UNLABELLED]}
_GENDERS = _invert(GENDERS)
_LANGUAGES = _invert(LANGUAGES)
_COLUMNS = {word.replace(" ", ""): name for word, name in _invert(COLUMNS).items()}


def find_emotion(label: str) -> str | None:
    """Returns the emotion of a label, empty for no emotion, or None if unknown."""
    return _EMOTIONS.get(normalise(label))


def without_number(label: str) -> str:
    """Returns a label without the digits in front, if the rest means an emotion."""
    if find_emotion(label) is not None:
        return label
    rest = label.lstrip("0123456789").strip(" _-.")
    return rest if find_emotion(rest) else label


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
    return _COLUMNS.get(_letters(header), "")


def is_duration(header: str) -> bool:
    """Whether a header names the durations of segments in seconds."""
    return _letters(header) in DURATIONS


def is_unclear(header: str, name: str) -> bool:
    """Whether a header may name times, but not in seconds or not for sure.

    Args:
        header: The header of a column.
        name: Which times, a key of `TIME_WORDS`.
    """
    words = set(re.findall(r"[^\W\d_]+", normalise(header)))
    if words & DATE_WORDS:
        return False
    joined = _letters(header)
    return joined in TIME_NAMES[name] or any(
        word in words
        or (joined.startswith(word) and _UNIT.fullmatch(joined.removeprefix(word)))
        for word in TIME_WORDS[name]
    )


def _letters(header: str) -> str:
    """A header in lower case, without spaces, brackets and full stops."""
    return re.sub(r"\W", "", normalise(header))
