"""Messages are bounded, and signs that an encoding lacks are replaced."""

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from keras_ser.cli import errors, streams

PRINT = "from keras_ser.cli.main import entry; entry()"


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [("latin-1", "Müller ?"), ("ascii", "M?ller ?"), ("utf-8", "Müller ‡")],
)
def test_signs_that_stdout_lacks_are_replaced(monkeypatch, encoding, expected):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding))
    streams.replace_unknown_signs()
    print("Müller ‡", end="", flush=True)
    assert raw.getvalue().decode(encoding) == expected


@pytest.mark.parametrize("chosen", ["xmlcharrefreplace", "backslashreplace"])
def test_what_a_user_chose_for_unknown_signs_stays(monkeypatch, chosen):
    stream = io.TextIOWrapper(io.BytesIO(), "ascii", chosen)
    monkeypatch.setattr(sys, "stdout", stream)
    streams.replace_unknown_signs()
    assert stream.errors == chosen


@pytest.mark.parametrize("closed", ["stdout", "stderr"])
def test_a_stream_that_was_closed_is_no_error(monkeypatch, closed):
    monkeypatch.setattr(sys, closed, None)  # as after `>&-`
    streams.replace_unknown_signs()
    streams.write_line("Expected a.")
    streams.flush()
    streams.discard()


def test_help_is_printed_in_any_encoding():
    done = subprocess.run(
        [sys.executable, "-c", PRINT, "run", "--help"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=True,
    )
    assert b"--smoke" in done.stdout


def test_a_long_message_keeps_both_ends_and_a_file_has_all(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(streams.tempfile, "tempdir", str(tmp_path))
    text = f"Expected a. Received: {'b ' * 500_000}. Run c again."

    def fail():
        raise ValueError(text)

    assert errors.run_command(fail) == errors.BAD_INPUT
    line = capsys.readouterr().err
    assert len(line) < streams.MAX_CHARACTERS + 200 and line.count("\n") == 1
    assert line.startswith("keras-ser: Expected a. Received: b b")
    assert line.endswith("b . Run c again.\n")
    (path,) = tmp_path.iterdir()
    assert str(path) in line
    assert path.read_text(encoding="utf-8") == f"{' '.join(text.split())}\n"
    missing = int(re.search(r"\[(\d+) characters", line)[1])
    assert missing == len(" ".join(text.split())) - streams.MAX_CHARACTERS


def test_a_message_of_usual_length_is_whole():
    text = "x" * streams.MAX_CHARACTERS
    assert streams.shorten(text) == text


def test_a_full_disk_does_not_lose_the_message(monkeypatch):
    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(streams.tempfile, "NamedTemporaryFile", fail)
    found = streams.shorten("a" * 5_000 + "b")
    assert "[2001 characters left out]" in found and found.endswith("b")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_output_that_cannot_be_written_is_one_line():
    code = "import sys; from keras_ser.cli import errors\n"
    code += "sys.exit(errors.run_command(lambda: print('x')))"
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-c", code], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == errors.FAILED
    assert "No space left on device" in done.stderr
    assert done.stderr.count("\n") == 1
