"""Model files: their contents, and checks that they contain nothing else.

A file may come from an untrusted source. It is rejected if it names a class that is
neither a model of this package nor a registered `SpeechModel` of the running program,
contains code, has members other than the four known ones, or unpacks to an unreasonable
size.
"""

import json
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import keras

from keras_ser import scores
from keras_ser.backend import settings
from keras_ser.features import Preprocessing
from keras_ser.features.familiarity import Familiarity
from keras_ser.features.preprocessing_checks import with_files
from keras_ser.inference import about as abouts
from keras_ser.utils import files

PREPROCESSING = "preprocessing.json"  # inside the model file
# In that file, if needed.
TEMPERATURE, FAMILIAR, ABOUT = "temperature", "familiar", "about"
MEMBERS = ("metadata.json", "config.json", "model.weights.h5", PREPROCESSING)
MAX_MEMBER_BYTES = {
    PREPROCESSING: 2**23,  # two numbers of 22 characters for each of 190,000 dimensions
    "config.json": 2**20,
    "metadata.json": 2**20,
}
MAX_RATIO = 10  # of the bytes of another member to those of the file

COPY_AGAIN = "Copy the file again from its source, or train the model again."

# Errors that zipfile, h5py and Keras raise for archives whose bytes are wrong.
READ_ERRORS = (
    ArithmeticError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,  # includes NotImplementedError, for compression unknown to zipfile
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)


class Content(NamedTuple):
    """What a model file holds; see `Recogniser`."""

    model: keras.Model
    preprocessing: Preprocessing
    temperature: float
    familiar: Familiarity | None
    about: str


def write(
    path: str | Path,
    model: keras.Model,
    preprocessing: Preprocessing,
    temperature: float = 1.0,
    familiar: Familiarity | None = None,
    about: str = "",
) -> Path:
    """Writes a Keras model file that holds all that a recogniser needs.

    Raises:
        ValueError: If `read` would reject the temperature or what is said about the
            model.
    """
    scores.check_temperature(temperature)
    abouts.check(about)
    value = preprocessing.to_json()
    if temperature != 1:
        value[TEMPERATURE] = float(temperature)
    if familiar is not None:
        value[FAMILIAR] = familiar.to_json()
    if about:
        value[ABOUT] = about
    with files.replacing(path) as temporary:
        model.save(temporary)
        with zipfile.ZipFile(temporary, "a") as archive:
            archive.writestr(PREPROCESSING, json.dumps(value))
    return Path(path)


def read(path: str | Path, front_end: str | Path | None = None) -> Content:
    """Reads what a recogniser needs from a model file or a run folder.

    Args:
        path: Model file or run folder.
        front_end: As for `Recogniser.load`.

    Raises:
        FileNotFoundError: If the file does not exist, or the run is that of a
            classical system, which saves no model.
        ValueError: If the file is not a model of this package, or is damaged, or if a
            setting of Keras would change its results, or if the front-end needs files
            that are absent.
    """
    path = Path(path)
    path = path / "model.keras" if path.is_dir() else path
    if not path.is_file():
        raise _missing_file(path)
    settings.check_numbers()  # otherwise the file would seem to be damaged
    settings.check_policy()
    settings_read = _read_settings(path, front_end)
    return Content(_read_model(path), *settings_read)


def _missing_file(path: Path) -> FileNotFoundError:
    """The error for a model file that does not exist."""
    from keras_ser.models import MODELS

    record = path.parent / "config.json"
    config = files.read_object(record) if record.is_file() else {}
    systems = config.get("systems")
    systems = systems.values() if isinstance(systems, dict) else ()
    names = [str(each.get("model")) for each in systems if isinstance(each, dict)]
    if path.name == "model.keras" and names and not set(names) & set(MODELS):
        return FileNotFoundError(
            f"Expected the run folder of a network. Received: {path.parent}, a run of "
            f"`{names[0]}`: classical systems save no model. Give the run folder of a "
            "network."
        )
    runs = sorted(each.parent for each in path.parent.glob("**/model.keras"))
    advice = f"Give one run, such as {runs[-1]}" if runs else "Check the path"
    return FileNotFoundError(
        f"Expected a run folder or a model file. Received: {path}, which does not "
        f"exist. {advice}."
    )


def _read_settings(
    path: Path, front_end
) -> tuple[Preprocessing, float, Familiarity | None, str]:
    """Reads all but the model, after checks of the members and the model's config."""
    try:
        with zipfile.ZipFile(path) as archive:
            reason = _unexpected_members(path, archive)
            if not reason:
                config = files.parse_json(archive.read("config.json"), path)
                value = files.parse_json(archive.read(PREPROCESSING), path)
    except READ_ERRORS as error:
        raise _invalid_file(path, error) from error
    if reason:
        raise _invalid_file(path, reason)
    own = value if isinstance(value, dict) else {}
    temperature, familiar = own.pop(TEMPERATURE, 1.0), own.pop(FAMILIAR, None)
    about = own.pop(ABOUT, "")
    value = with_files(value, front_end)  # whose faults are not those of the file
    try:
        scores.check_temperature(temperature)
        abouts.check(about)
        preprocessing = Preprocessing.from_json(value)
        if familiar is not None:
            dimensions = preprocessing.front_end.dimensions
            familiar = Familiarity.from_json(familiar, dimensions)
    except READ_ERRORS as error:
        raise _invalid_file(path, error) from error
    _check_config(path, config, preprocessing)
    return preprocessing, temperature, familiar, about


def _unexpected_members(path: Path, archive: zipfile.ZipFile) -> str:
    """What is wrong with the names or unpacked sizes of the members; empty if right."""
    names = sorted(info.filename for info in archive.infolist())
    if names != sorted(MEMBERS):
        return f"members {names[:6]} instead of {sorted(MEMBERS)}"
    size = path.stat().st_size
    for info in archive.infolist():
        if info.file_size > MAX_MEMBER_BYTES.get(info.filename, MAX_RATIO * size):
            return f"{info.filename} unpacks to {info.file_size} bytes"
    return ""


def _check_config(path: Path, config, preprocessing: Preprocessing) -> None:
    """Raises unless the config names a known model for these features."""
    name = config.get("registered_name") if isinstance(config, dict) else None
    if not _is_known(name):
        raise _invalid_file(
            path,
            f"a model of class {name!r}, which is neither one of this package nor a "
            "registered `SpeechModel`",
            "If the model is your own, import the module that defines it first.",
        )
    settings = config.get("config")
    foreign = sorted(set(_packages(settings)) - {"keras", "keras_ser"})
    if foreign:
        raise _invalid_file(path, f"classes of {foreign} within the model's settings")
    for key, expected in (
        ("dimensions", preprocessing.front_end.dimensions),
        ("classes", list(preprocessing.classes)),
    ):
        found = settings.get(key) if isinstance(settings, dict) else None
        if found != expected:
            raise _invalid_file(path, f"`{key}` {found} instead of {expected}")


def _is_known(name) -> bool:
    """Whether Keras finds a model under a registered name, without importing it."""
    from keras_ser.models import MODELS, SpeechModel, Wrapped

    kind = keras.saving.get_registered_object(name) if isinstance(name, str) else None
    is_own = isinstance(kind, type) and issubclass(kind, SpeechModel)
    return is_own or kind in {*MODELS.values(), Wrapped}


def _packages(value) -> Iterator[str]:
    """The packages of all classes that a Keras config names."""
    if isinstance(value, dict):
        if "class_name" in value:
            yield str(value.get("module")).partition(".")[0]
        value = list(value.values())
    for each in value if isinstance(value, list) else ():
        yield from _packages(each)


def _read_model(path: Path) -> keras.Model:
    """Reads the model of a file whose members and config have been checked."""
    errors = (*READ_ERRORS, TypeError, AttributeError, IndexError, AssertionError)
    try:
        return keras.models.load_model(path, compile=False, safe_mode=True)
    except errors as error:
        raise _invalid_file(path, error) from error


def _invalid_file(path: Path, reason, advice: str = COPY_AGAIN) -> ValueError:
    text = " ".join(str(reason).split())
    text = text if len(text) <= 300 else f"{text[:297]}…"
    return ValueError(
        f"Expected a model file that `Recogniser.save` wrote. Received: {path} "
        f"({text}). {advice}"
    )
