"""The recordings in a file, each as a stream that libsndfile reads to its true end."""

from typing import BinaryIO, NamedTuple

from keras_ser.audio import headers, mp3, ogg, views

CONVERT = "ffmpeg -i INPUT -ar 16000 OUTPUT.wav"
_SECOND_FLAC = b"fLaC\0\0\0\x22"  # the start of a FLAC file, up to the size of a block
_MAX_TRIMMED_FRAMES = 4  # frames of an MP3 that encoder and decoder add at its ends


class Part(NamedTuple):
    """One recording.

    Args:
        stream: Its bytes.
        samples: Its length, if that was counted.
        slack: By how many samples libsndfile's count may differ from `samples`.
    """

    stream: BinaryIO | views.View
    samples: int | None = None
    slack: int = 0


def find_parts(data, stream: BinaryIO, path) -> list[Part]:
    """Finds the recordings in a file: several if an Ogg or MP3 was joined of several.

    Args:
        data: The bytes of the file.
        stream: The same bytes as a stream.
        path: The file's path, for messages.

    Raises:
        ValueError: The file is truncated, or its header was never finished.
    """
    start = bytes(data[:4])
    if start == b"OggS":
        return _ogg_parts(data, stream, path)
    if mp3.is_mp3(data):
        return _mp3_parts(data, stream, path)
    try:
        return [Part(headers.mended(data) or stream)]
    except headers.Cut as error:
        raise truncation_error(path, *error.args) from error
    except headers.Unfinished as error:
        raise ValueError(
            "Expected a header that states the length of the sound. Received: "
            f"{path}, whose header states {error}. The recorder was probably stopped "
            "before it wrote the header. Repair the header with an audio editor, or "
            "cut the file to its stated length."
        ) from error


def check_length(part: Part, frames: int, path) -> None:
    """Raises a ValueError if libsndfile takes another length than was counted."""
    if part.samples is not None and abs(frames - part.samples) > part.slack:
        raise ValueError(
            f"Expected a file whose length is certain. Received: {path}, which holds "
            f"{part.samples} samples, of which libsndfile reads {frames}. Convert it "
            f"to wav or flac: {CONVERT}"
        )


def check_single(data, path) -> None:
    """Raises a ValueError if several FLAC files were joined.

    That takes a look at all bytes, so a header alone does not tell.
    """
    if data[:4] == b"fLaC" and data.find(_SECOND_FLAC, len(_SECOND_FLAC)) >= 0:
        raise ValueError(
            f"Expected one recording. Received: {path}, in which several FLAC files "
            "are joined, of which libsndfile reads the first. Split the file where "
            f"`fLaC` occurs, or convert it: {CONVERT}"
        )


def truncation_error(path, promised, held) -> ValueError:
    """The error of a file that holds less than its header promises."""
    return ValueError(
        f"Expected {promised}, as the header promises. Received: {path} with {held}: "
        "the file is truncated. Copy it again from its source."
    )


def _ogg_parts(data, stream, path) -> list[Part]:
    try:
        links = ogg.find_links(data)
    except ogg.Damaged as error:
        promised = "an Ogg stream with all of its pages"
        raise truncation_error(path, promised, error) from error
    if links == [(0, len(data))]:
        return [Part(stream)]
    return [Part(views.View([views.Span(data, *link)])) for link in links]


def _mp3_parts(data, stream, path) -> list[Part]:
    found = mp3.find_parts(data)
    for part in found:
        _check_mp3(data, part, path)
    first = found[0]
    if len(found) == len(first.runs) == 1 and mp3.is_stated(data, first):
        return [_counted(stream, first)]
    sounding = [part for part in found if part.frames] or found[:1]
    return [_counted(mp3.view(data, part), part) for part in sounding]


def _counted(stream, part: mp3.Part) -> Part:
    samples = part.first.samples
    return Part(stream, part.frames * samples, _MAX_TRIMMED_FRAMES * samples)


def _check_mp3(data, part: mp3.Part, path) -> None:
    if mp3.is_whole(data, part):
        return
    if (part.promised or 0) > part.frames:
        raise truncation_error(path, f"{part.promised} MP3 frames", part.frames)
    raise truncation_error(path, "whole MP3 frames", "bytes that are no whole frame")
