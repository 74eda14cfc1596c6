"""Which recording stored features belong to, in all tables that a process has read."""

from keras_ser.features.array_files import Arrays

_owners: dict[tuple[str, str, str], tuple[str, str]] = {}


def claim(arrays: Arrays, name: str, file: str, digest: str) -> None:
    """Notes the recording that features are used for.

    Args:
        arrays: The folder or file of the features.
        name: Their name in it.
        file, digest: The path of the audio and its digest. Copies have equal digests.

    Raises:
        ValueError: The same features have been used for another recording.
    """
    key = str(arrays.path), name, arrays.checksum(name)
    owner, known = _owners.get(key, (file, digest))
    if owner != file and known != digest:
        raise ValueError(
            "Expected stored features of one recording under each name. Received: "
            f"{name!r} in {arrays.path}, which was used for {owner} and would now "
            f"serve {file}, which is other audio. Store features under more of the "
            "path, such as folder/name.npy, or in one folder per corpus."
        )
    _owners[key] = file, digest
