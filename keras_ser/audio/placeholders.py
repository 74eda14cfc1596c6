"""Files that stand for others, or that are not audio, and what to do about them.

Version control systems for data leave a small text or a broken link in place of a file
whose content was not fetched. Downloads leave web pages. Both have the name of audio.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path

# Extensions of audio that libsndfile does not read.
FOREIGN = frozenset(
    ".m4a .m4b .aac .adts .amr .awb .wma .webm .weba .mka .3gp .3ga .ape .wv .tta .mpc "
    ".ac3 .ra .spx .dss".split()
)
# Extensions of video. A corpus may hold videos next to its audio.
VIDEO = frozenset(".mp4 .m4v .mov .avi .mkv .wmv .flv .mpg .mpeg".split())
DVC = ".dvc"

_HEAD_BYTES = 4096
_LFS = (
    "This is a pointer of git-lfs, not the file. Run `git lfs pull` in its repository"
)
_ANNEX = "This is a pointer of git-annex, not the file. Run `git annex get {name}`"
_DVC = "DVC has not fetched the file. Run `dvc pull {name}`"
_PAGE = (
    "This is a web page, not the file. Download the file again, logged in if need be"
)
_ARCHIVE = "This is an archive. Unpack it"
_CONVERT = "This is {kind}. Convert it: ffmpeg -i {name} {stem}.wav"
_VIDEO_HINT = "Extract the sound, for example: ffmpeg -i {name} {stem}.wav"

_Test = Callable[[bytes], object]
_STARTS: tuple[tuple[_Test, str], ...] = (
    (re.compile(rb"version https://git-lfs\.github\.com/spec/").match, _LFS),
    (re.compile(rb"\S{0,200}[/\\]annex[/\\]objects[/\\]").match, _ANNEX),
    (re.compile(rb"\s*outs:\s*\n\s*- +(md5|etag|hash|path):").match, _DVC),
    (re.compile(rb"\s*<(!doctype\s+html|html|head)\b", re.I).match, _PAGE),
    (re.compile(rb"\s*<\?xml[^>]*>\s*<(!doctype|html|error)\b", re.I).match, _PAGE),
    (re.compile(rb'\s*\{\s*"error"').match, _PAGE),
    # Spreadsheets and documents are zip files too.
    (re.compile(rb"PK\x03\x04(?!.{26}(\[Con|mimetype|_rels))", re.S).match, _ARCHIVE),
    (re.compile(rb"\x1f\x8b|7z\xbc\xaf|Rar!").match, _ARCHIVE),
)
_KINDS = (
    (re.compile(rb"....ftyp", re.S).match, "MPEG-4 or 3GPP audio (m4a, mp4, 3gp)"),
    (re.compile(rb"\x1aE\xdf\xa3").match, "WebM or Matroska audio"),
    (re.compile(rb"#!AMR").match, "AMR audio"),
    (re.compile(rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11").match, "Windows Media audio"),
    (re.compile(rb"\xff[\xf0\xf1\xf8\xf9]|ADIF").match, "AAC audio"),
    (
        re.compile(rb"MAC |wvpk|TTA1|MPCK|MP\+").match,
        "Monkey's, WavPack or other audio",
    ),
    (re.compile(rb"RIFF....AVI ", re.S).match, "AVI video"),
)


def explain(path: str | Path) -> str:
    """Says what a file is that is not what its name says, and what to do about it.

    It recognises pointers of git-lfs, git-annex and DVC, broken links of git-annex, web
    pages, archives, and audio in formats that libsndfile does not read. The file may
    also be a text, such as the list of a corpus.

    Args:
        path: A file. It need not exist: DVC leaves `a.wav.dvc` in place of `a.wav`.

    Returns:
        Sentences for an error message, or an empty text if nothing was recognised.

    Example:
        >>> audio.placeholders.explain("list.csv")
        'This is a pointer of git-lfs, not the file. Run `git lfs pull` in its
        repository.'
    """
    path = Path(path)
    words = {"name": path.name, "stem": path.stem}
    if not path.exists():
        return _complete(_explain_absent(path), words)
    if not path.is_file():  # a folder, or a pipe, which would be waited for
        return ""
    try:
        with open(path, "rb") as stream:
            head = stream.read(_HEAD_BYTES).removeprefix(b"\xef\xbb\xbf")
    except OSError:  # the caller meets this error too, and reports it
        return ""
    for test, sentence in _STARTS:
        if test(head):
            return _complete(sentence, words)
    for test, kind in _KINDS:
        if test(head):
            return _complete(_CONVERT, {**words, "kind": kind})
    return ""


def unreadable(path: str | Path, reason: str) -> ValueError:
    """The error of a file that libsndfile does not read.

    Args:
        path: The file.
        reason: What libsndfile says.
    """
    found = explain(path)
    if not found and Path(path).suffix.lower() in FOREIGN:
        kind = f"{Path(path).suffix[1:]} audio, which libsndfile does not read"
        words = {"name": Path(path).name, "stem": Path(path).stem, "kind": kind}
        found = _complete(_CONVERT, words)
    advice = found or "Convert it to wav or flac, or remove it from the corpus."
    return ValueError(
        f"Expected audio that libsndfile reads. Received: {path} ({reason}). {advice}"
    )


def target(file: Path) -> Path:
    """The file that DVC's `a.wav.dvc` stands for, or the file itself."""
    if file.suffix != DVC or file.with_suffix("").exists():
        return file
    return file.with_suffix("")


def describe_others(files: list[Path]) -> str:
    """A sentence on what a folder holds instead of audio, or an empty text."""
    for suffixes, advice in (({DVC}, _DVC), (VIDEO, _VIDEO_HINT)):
        found = [file for file in files if file.suffix.lower() in suffixes]
        if found:
            name = found[0].name.removesuffix(DVC)
            words = {"name": name, "stem": found[0].stem}
            return f"It holds {found[0].name}. {_complete(advice, words)}"
    return ""


def _explain_absent(path: Path) -> str:
    if os.path.islink(path):
        parts = re.split(r"[/\\]", os.readlink(path))
        return _ANNEX if "annex" in parts and "objects" in parts else ""
    above = [path, *path.parents][:4]  # DVC may stand for a whole folder
    return _DVC if any(os.path.isfile(f"{each}{DVC}") for each in above) else ""


def _complete(sentence: str, words: dict[str, str]) -> str:
    return f"{sentence.format(**words)}." if sentence else ""
