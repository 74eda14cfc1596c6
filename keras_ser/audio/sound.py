"""The samples of an audio file at its own rate, in blocks."""

import contextlib
import re
from collections.abc import Iterator

import numpy as np

from keras_ser.audio import containers, placeholders, views
from keras_ser.audio.headers import SLACK_BYTES

RATES = (1_000, 768_000)  # Hz; a header that says anything else is damaged
BLOCK_SAMPLES = 2**20  # samples of all channels that are decoded at a time

# How libsndfile logs a container that promises more than it holds. In RIFF files only
# the size of the data counts, because the outer size is often wrong in intact files.
_SIZES = re.compile(
    r"^\s*(?:data|SSND|Data Size|riff|Riff size)\s*: (\d+) \(should be (\d+)\)", re.M
)
_UNKNOWN_SIZE_BYTES = 0x7FFFF000  # streams write this or more for "unknown"
_UNKNOWN_FRAMES = 2**60  # libsndfile's length of a FLAC without a length is larger
_OGG_WARNINGS = ("Last page lacks an end-of-stream bit", "Junk after the last page")


class Sound:
    """The samples of a file, whose recordings follow one another if it holds several.

    Args:
        files: An opened SoundFile for each recording.
        frames: The number of samples of each.
        path: The file's path, for messages.
        data: The bytes of the file.

    Attributes:
        rate: Sampling rate in Hz.
        channels: Number of channels.
        subtype: libsndfile's name of the encoding.
        frames: The number of samples of a channel.
    """

    def __init__(self, files: list, frames: list[int], path, data=b""):
        self._files, self._lengths, self._path = files, frames, path
        self._data = data
        self.rate, self.channels = files[0].samplerate, files[0].channels
        self.subtype, self.frames = files[0].subtype, sum(frames)
        self._check_alike()

    def _check_alike(self) -> None:
        kinds = [f"{each.samplerate} Hz, {each.channels} ch" for each in self._files]
        if len(set(kinds)) > 1:
            raise ValueError(
                f"Expected recordings of one kind. Received: {self._path}, in which "
                f"{len(kinds)} are joined, of {' and '.join(sorted(set(kinds))[:3])}. "
                "Split the file, or convert it to wav or flac."
            )
        if not RATES[0] <= self.rate <= RATES[1]:
            raise ValueError(
                f"Expected a sample rate of {RATES[0]} to {RATES[1]} Hz. Received: "
                f"{self._path} with {self.rate}. Its header is damaged: export the "
                "file again from its source."
            )

    def blocks(
        self,
        start: float | None = None,
        end: float | None = None,
        samples: int | None = None,
    ) -> Iterator[np.ndarray]:
        """Yields a segment in blocks of float32 of shape `(samples, channels)`.

        Memory stays small even if a damaged header promises more than the file holds.

        Args:
            start, end: The segment in seconds. None or NaN stands for the start or the
                end of the file.
            samples: Samples per block at the file's own rate. All but the last block
                have this many. By default as many as fit into `BLOCK_SAMPLES`.

        Raises:
            ValueError: The segment does not exist, or the file is truncated.
        """
        first, last = _segment_bounds(self._path, start, end, self.rate, self.frames)
        if last == self.frames:
            containers.check_single(self._data, self._path)
        most = max(1, BLOCK_SAMPLES // self.channels)
        size = min(samples or most, most)
        return _of_size(self._segment(first, last, size), size)

    def _segment(self, first: int, last: int, size: int) -> Iterator[np.ndarray]:
        begin = 0
        for file, length in zip(self._files, self._lengths, strict=True):
            here = max(first - begin, 0), min(last - begin, length)
            if here[0] < here[1]:
                yield from self._range(file, *here, size)
            begin += length

    def _range(self, file, first: int, last: int, size: int) -> Iterator[np.ndarray]:
        _skip(file, first, size)
        # Otherwise soundfile seeks after each read, which restarts an MP3 decoder.
        file.seekable = lambda: False
        left = last - first
        while left:
            block = file.read(min(left, size), dtype="float32", always_2d=True)
            if len(block) == 0:
                promised, held = f"{last - first} samples", last - first - left
                raise containers.truncation_error(self._path, promised, held)
            yield block
            left -= len(block)


@contextlib.contextmanager
def open_sound(stream, path) -> Iterator[Sound]:
    """Opens a stream of bytes as the sound that it holds, up to its true end.

    Args:
        stream: The opened file, or its bytes as a `BytesIO`.
        path: The file's path, for messages.

    Raises:
        ValueError: It is not audio, it is truncated, or its length is unknown.
    """
    import soundfile

    with views.mapped(stream) as data, contextlib.ExitStack() as opened:
        try:
            parts = containers.find_parts(data, stream, path)
            files, lengths = [], []
            for part in parts:
                file = opened.enter_context(_open(part.stream))
                _check_complete(path, file.extra_info)
                containers.check_length(part, file.frames, path)
                lengths.append(file.frames)
                if file.frames >= _UNKNOWN_FRAMES:
                    lengths[-1] = _count(file)
                    file = opened.enter_context(_open(part.stream))
                files.append(file)
            yield Sound(files, lengths, path, data)
        except soundfile.LibsndfileError as error:
            # The full text of the error names the stream by its address in memory.
            raise placeholders.unreadable(
                path, error.error_string or f"error {error.code}"
            ) from error


class _Bytes:
    """A stream for libsndfile, which seeks before the start of damaged files."""

    def __init__(self, stream):
        self.readinto, self.tell, self._seek = stream.readinto, stream.tell, stream.seek

    def seek(self, offset: int, whence: int) -> None:
        # libsndfile asks `tell` for the position, so a failed seek does no harm.
        with contextlib.suppress(ValueError, OSError, OverflowError):
            self._seek(offset, whence)


def _open(stream):
    """Opens a stream as a SoundFile that does not seek if its length is unknown."""
    import soundfile

    stream.seek(0)
    file = soundfile.SoundFile(_Bytes(stream))
    if file.frames >= _UNKNOWN_FRAMES:
        file.seekable = lambda: False
    return file


def _count(file) -> int:
    """The number of samples from the start to the end, counted by decoding."""
    size, count = max(1, BLOCK_SAMPLES // file.channels), 0
    while found := len(file.read(size, dtype="int16", always_2d=True)):
        count += found
    return count


def _skip(file, first: int, most: int) -> None:
    """Goes to a sample. Some codecs of wav files can only be read from the start."""
    if first and file.seekable():
        file.seek(first)
        return
    while first:
        first -= len(file.read(min(first, most), dtype="float32")) or first


def _of_size(blocks: Iterator[np.ndarray], size: int) -> Iterator[np.ndarray]:
    """Regroups blocks so that all but the last have `size` samples."""
    waiting: list[np.ndarray] = []
    count = 0
    for block in blocks:
        waiting.append(block)
        count += len(block)
        if count >= size:
            joined = np.concatenate(waiting) if len(waiting) > 1 else block
            whole = count - count % size
            yield from (joined[at : at + size] for at in range(0, whole, size))
            waiting, count = [joined[whole:]], count - whole
    if count:
        yield np.concatenate(waiting)


def _check_complete(path, log: str) -> None:
    """Raises ValueError for a file that libsndfile would read as a shorter one."""
    for size in _SIZES.finditer(log):
        promised, held = int(size[1]), int(size[2])
        if held + SLACK_BYTES < promised < _UNKNOWN_SIZE_BYTES:
            raise containers.truncation_error(path, f"{promised} bytes", held)
    for warning in _OGG_WARNINGS:
        if warning in log:
            raise containers.truncation_error(
                path, "an Ogg stream with its end", f"`{warning}`"
            )


def _segment_bounds(path, start, end, rate, frames) -> tuple[int, int]:
    """The first sample of a segment and the one after its last."""
    if frames == 0:
        return 0, 0
    first = 0 if _is_missing(start) else round(np.clip(start * rate, -1, frames))
    last = frames if _is_missing(end) else round(np.clip(end * rate, -1, frames))
    if not 0 <= first < last:
        raise ValueError(
            f"Expected 0 <= start < end <= {frames / rate:.3f} s in {path}. "
            f"Received: start={start}, end={end}. Correct the table's segments."
        )
    return first, last


def _is_missing(seconds) -> bool:
    return seconds is None or np.isnan(seconds)
