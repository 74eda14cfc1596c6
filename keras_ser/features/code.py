"""A hash of the code of a user's own front-end, which is part of its cache entries."""

import hashlib
import types

PACKAGE = __name__.partition(".")[0]
CONSTANTS = (int, float, complex, str, bytes, tuple, frozenset, types.NoneType)


def code_hash(kind: type) -> str:
    """Returns a hash of what the methods of a class compute.

    It covers the bytecode of the class and of its bases outside this package, with the
    constants of the classes. It does not cover functions outside the classes that the
    methods call. Another version of Python has other bytecode.

    Args:
        kind: The class of a front-end.

    Returns:
        32 hexadecimal digits; empty for a class of this package, whose entries change
        with `entries.VERSION`.
    """
    own = [each for each in kind.__mro__ if each is not object and not _is_ours(each)]
    if not own:
        return ""
    members = [sorted(map(_describe, vars(each).items())) for each in own]
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


def _describe(member: tuple) -> tuple[str, str]:
    """The name of a member of a class and what it holds, as far as that is known."""
    name, value = member
    for attribute in ("__func__", "fget", "func"):  # of methods and properties
        value = getattr(value, attribute, value)
    if isinstance(value, types.FunctionType):
        return name, repr((_code(value.__code__), value.__defaults__))
    is_constant = isinstance(value, CONSTANTS) and not name.startswith("__")
    return name, _constant(value) if is_constant else ""


def _code(code: types.CodeType) -> tuple:
    constants = tuple(map(_constant, code.co_consts))
    return code.co_code.hex(), code.co_names, code.co_varnames, constants


def _constant(value) -> str:
    if isinstance(value, types.CodeType):
        return repr(_code(value))
    if isinstance(value, frozenset):  # whose order differs from process to process
        return repr(sorted(map(repr, value)))
    return repr(value)
