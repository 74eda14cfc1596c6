"""A hash of the code of a user's own front-end, which is part of its cache entries."""

import hashlib
import re
import types
import weakref

import numpy as np

PACKAGE = __name__.partition(".")[0]
CONSTANTS = (int, float, complex, str, bytes, tuple, frozenset, types.NoneType)
CONTAINERS = (list, dict, set, np.ndarray, np.generic)
ADDRESS = re.compile(" at 0x[0-9a-fA-F]+")  # in a text of an object
_held: weakref.WeakKeyDictionary[type, dict] = weakref.WeakKeyDictionary()


def code_hash(kind: type) -> str:
    """Returns a hash of what the methods of a class compute.

    It covers the bytecode of the class and of its bases outside this package, also of
    methods in decorators that know what they wrap, such as `functools.lru_cache`, and
    the attributes of the classes that are constants, lists, tuples, dictionaries, sets
    or arrays. Lists, dictionaries, sets and arrays count as they are at the first call,
    and not what methods keep there later. It does not cover functions outside the
    classes that the methods call. Another version of Python has other bytecode.

    Args:
        kind: The class of a front-end.

    Returns:
        32 hexadecimal digits; empty for a class of this package, whose entries change
        with `entries.VERSION`.
    """
    own = [each for each in kind.__mro__ if each is not object and not _is_ours(each)]
    if not own:
        return ""
    members = [
        sorted(
            _describe(name, value, _held.setdefault(each, {}))
            for name, value in vars(each).items()
        )
        for each in own
    ]
    return hashlib.blake2b(repr(members).encode(), digest_size=16).hexdigest()


def covers(kind: type, name: str) -> bool:
    """Tells whether `code_hash` holds the value of an attribute of a class.

    Args:
        kind: The class of a front-end.
        name: The name of an attribute, which may be inherited.
    """
    owner = next((each for each in kind.__mro__ if name in vars(each)), object)
    is_constant = isinstance(vars(owner).get(name), CONSTANTS)
    return is_constant and owner is not object and not _is_ours(owner)


def _is_ours(kind: type) -> bool:
    return kind.__module__.partition(".")[0] == PACKAGE


def _describe(name: str, value, held: dict) -> tuple[str, str]:
    """The name of a member of a class and what it holds, as far as that is known."""
    for attribute in ("__func__", "fget", "func"):  # of methods and properties
        value = getattr(value, attribute, value)
    functions = _functions(value)
    if name == "__repr__":  # of every dataclass, where a decorator changes no feature
        functions = functions[:1]
    if functions:
        return name, "".join(map(_function, functions))
    if isinstance(value, CONTAINERS) and not name.startswith("__"):
        return name, held.setdefault(name, _text(value))
    is_held = isinstance(value, CONSTANTS) and not name.startswith("__")
    return name, _text(value) if is_held else ""


def _functions(value) -> list[types.FunctionType]:
    """A function and those that it wraps, the outermost first."""
    found, seen = [], set()
    while id(value) not in seen:
        seen.add(id(value))
        if isinstance(value, types.FunctionType):
            found.append(value)
        value = getattr(value, "__wrapped__", value)
    return found


def _function(function: types.FunctionType) -> str:
    defaults, by_name = function.__defaults__, function.__kwdefaults__
    text = f"({_code(function.__code__)!r}, {_text(defaults)})"
    return text + (_text(by_name) if by_name else "")


def _code(code: types.CodeType) -> tuple:
    constants = tuple(map(_text, code.co_consts))
    return code.co_code.hex(), code.co_names, code.co_varnames, constants


def _text(value) -> str:
    """The same text for equal values in every process."""
    if isinstance(value, types.CodeType):
        return repr(_code(value))
    if isinstance(value, types.FunctionType):
        return _function(value)
    if isinstance(value, set | frozenset):  # whose order differs between processes
        return repr(sorted(map(_text, value)))
    if isinstance(value, dict):
        pairs = (f"{_text(key)}: {_text(own)}" for key, own in value.items())
        return f"{{{', '.join(pairs)}}}"
    if type(value) is list:
        return f"[{', '.join(map(_text, value))}]"
    if type(value) is tuple:
        return f"({', '.join(map(_text, value))}{',' * (len(value) == 1)})"
    if isinstance(value, np.ndarray) and value.dtype != object:
        content = np.ascontiguousarray(value).tobytes()
        digest = hashlib.blake2b(content, digest_size=16).hexdigest()
        return f"array({value.dtype.str}, {value.shape}, {digest})"
    if isinstance(value, np.ndarray):
        return f"array({value.shape}, {_text(value.tolist())})"
    return ADDRESS.sub("", repr(value))
