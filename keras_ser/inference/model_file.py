"""Model files: what they hold, and that they hold nothing else.

A file may come from a stranger. It can name no class but the models of this package,
hold no code, and unpack nothing beyond its four members.
"""

import json
import zipfile
import zlib
from pathlib import Path

import keras

from keras_ser.features import Preprocessing
from keras_ser.utils import files

MEMBER = "preprocessing.json"  # inside the model file


MEMBERS = ("metadata.json", "config.json", "model.weights.h5", MEMBER)


LARGEST = {MEMBER: 2**20, "config.json": 2**20, "metadata.json": 2**20}  # bytes


# What zipfile, h5py and Keras raise on archives whose bytes are wrong.
DAMAGES = (
    ArithmeticError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,  # NotImplemented too: compression that zipfile does not know
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)


def write(path, model: keras.Model, preprocessing: Preprocessing) -> Path:
    """Writes a Keras model file that holds the preprocessing too."""
    with files.replacing(path) as temporary:
        model.save(temporary)
        with zipfile.ZipFile(temporary, "a") as archive:
            archive.writestr(MEMBER, json.dumps(preprocessing.to_json()))
    return Path(path)


def read(path) -> tuple[keras.Model, Preprocessing]:
    """The model and the preprocessing of a model file, or of a run's folder.

    Raises:
        FileNotFoundError: there is no such file, or the run is that of a classical
            system, which saves no model.
        ValueError: the file is not a model of this package, or it is damaged.
    """
    path = Path(path)
    path = path / "model.keras" if path.is_dir() else path
    if not path.is_file():
        raise _no_file(path)
    preprocessing = _checked_preprocessing(path)
    return _model(path), preprocessing


def _no_file(path: Path) -> FileNotFoundError:
    """What to say of a model file that does not exist."""
    from keras_ser.models import MODELS

    record = path.parent / "config.json"
    config = files.read_object(record) if record.is_file() else {}
    systems = config.get("systems")
    systems = systems.values() if isinstance(systems, dict) else ()
    names = [str(each.get("model")) for each in systems if isinstance(each, dict)]
    if path.name == "model.keras" and names and not set(names) & set(MODELS):
        return FileNotFoundError(
            f"Expected the run of a network. Received: {path.parent}, a run of "
            f"`{names[0]}`: classical systems save no model. Give the folder of a "
            "network's run."
        )
    return FileNotFoundError(
        f"Expected a run's folder or a model file. Received: {path}, which does not "
        "exist."
    )


def _checked_preprocessing(path: Path) -> Preprocessing:
    """That of a model file whose members are the known ones, none of them code."""
    try:
        with zipfile.ZipFile(path) as archive:
            reason = _wrong_members(path, archive)
            if not reason:
                config = files.parse_json(archive.read("config.json"), path)
                value = files.parse_json(archive.read(MEMBER), path)
                preprocessing = Preprocessing.from_json(value)
    except DAMAGES as error:
        raise _no_model(path, error) from error
    if reason:
        raise _no_model(path, reason)
    _check_classes(path, config, preprocessing)
    return preprocessing


def _wrong_members(path, archive: zipfile.ZipFile) -> str:
    """Other names, names twice, or members that unpack beyond reason; else empty."""
    names = sorted(info.filename for info in archive.infolist())
    if names != sorted(MEMBERS):
        return f"members {names[:6]} instead of {sorted(MEMBERS)}"
    size = path.stat().st_size
    for info in archive.infolist():
        if info.file_size > LARGEST.get(info.filename, 10 * size):
            return f"{info.filename} unpacks to {info.file_size} bytes"
    return ""


def _check_classes(path, config, preprocessing: Preprocessing) -> None:
    """Refuses a config that asks Keras for anything but our model of these features."""
    from keras_ser.models import MODELS

    known = {f"keras_ser>{model.__name__}": model for model in MODELS.values()}
    name = config.get("registered_name") if isinstance(config, dict) else None
    if not isinstance(name, str) or name not in known:
        raise _no_model(path, f"a model of class {name!r} instead of {sorted(known)}")
    settings = config.get("config")
    foreign = sorted(set(_modules(settings)) - {"keras", "keras_ser"})
    if foreign:
        raise _no_model(path, f"classes of {foreign} within the model's settings")
    for key, expected in (
        ("bands", preprocessing.front_end.bands),
        ("classes", list(preprocessing.classes)),
    ):
        found = settings.get(key) if isinstance(settings, dict) else None
        if found != expected:
            raise _no_model(path, f"`{key}` {found} instead of {expected}")


def _modules(value):
    """The packages of all classes that a Keras configuration names."""
    if isinstance(value, dict):
        if "class_name" in value:
            yield str(value.get("module")).partition(".")[0]
        value = list(value.values())
    for each in value if isinstance(value, list) else ():
        yield from _modules(each)


def _model(path: Path):
    """The model of a checked file."""
    try:
        return keras.models.load_model(path, compile=False, safe_mode=True)
    except (*DAMAGES, TypeError, AttributeError, IndexError, AssertionError) as error:
        raise _no_model(path, error) from error


def _no_model(path, reason) -> ValueError:
    text = " ".join(str(reason).split())
    text = text if len(text) <= 300 else f"{text[:297]}…"
    return ValueError(
        f"Expected a model file that `Recogniser.save` wrote. Received: {path} "
        f"({text}). Copy it again from where it was trained, or train it again."
    )
