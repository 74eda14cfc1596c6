"""Errors become one line and an exit code."""

import signal
import subprocess
import sys

import pytest
import tqdm

from keras_ser.cli import errors
from keras_ser.utils import signals


def raising(error):
    def command():
        raise error

    return command


def noted(error, note):
    error.add_note(note)
    return error


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (ValueError("Expected a.\n Received: b."), 2, "Expected a. Received: b."),
        (FileNotFoundError("Expected c."), 2, "Expected c."),
        (PermissionError(13, "Permission denied", "x"), 2, "Received: x (Permission"),
        (OSError(28, "No space left on device", "y"), 1, "Received: y (No space left"),
        (OSError(28, "No space left on device"), 1, "Make room and run the same comm"),
        (RuntimeError("The loss must stay finite."), 1, "The loss must stay finite."),
        (noted(RuntimeError("It failed."), "In run z."), 1, "It failed. In run z."),
        (KeyboardInterrupt(), 130, "Interrupted."),
        (signals.Interrupted(15), 143, "Interrupted."),
        (signals.Interrupted(1), 129, "Interrupted."),
        (MemoryError(), 1, "A batch needs more memory than is free."),
        (RuntimeError("CUDA out of memory. Tried"), 1, "Received: CUDA out of memory"),
        (RuntimeError("RESOURCE_EXHAUSTED: Out of"), 1, "--set training.batch=8"),
    ],
)
def test_an_error_is_one_line_and_a_code(capsys, error, code, line):
    assert errors.run_command(raising(error)) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("keras-ser: ") and err.count("\n") == 1
    assert line in err


def test_an_error_starts_on_a_new_line_after_an_open_bar(capsys):
    def command():
        for _ in tqdm.tqdm(range(3), desc="files", mininterval=0):
            raise ValueError("Expected a.")

    assert errors.run_command(command) == 2
    *bars, line, end = capsys.readouterr().err.split("\n")
    assert "files" in bars[0]
    assert (line, end) == ("keras-ser: Expected a.", "")


def test_a_bug_keeps_its_traceback():
    with pytest.raises(TypeError):
        errors.run_command(raising(TypeError("unexpected")))


@pytest.mark.parametrize(("result", "code"), [(None, 0), (0, 0), (3, 3)])
def test_a_command_that_succeeds_prints_nothing(capsys, result, code):
    assert errors.run_command(lambda: result) == code
    assert capsys.readouterr() == ("", "")


def test_a_closed_pipe_is_an_exit_code_without_a_message():
    code = "import sys; from keras_ser.cli import errors\n"
    code += "sys.exit(errors.run_command(lambda: print('x\\n' * 999999)))"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == errors.PIPE_CLOSED


def test_a_short_output_to_a_closed_pipe_is_no_message():
    code = "import sys, time; from keras_ser.cli import errors\n"
    code += "sys.stdin.read()\n"
    code += "sys.exit(errors.run_command(lambda: print('x')))"
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()
    process.stdin.close()
    assert process.stderr.read() == b""
    assert process.wait() == errors.PIPE_CLOSED


def test_an_error_that_nobody_reads_is_an_exit_code():
    code = "import sys; from keras_ser.cli import errors\n"
    code += "def fail():\n    raise ValueError('Expected a.')\n"
    code += "sys.stdin.read()\n"
    code += "sys.exit(errors.run_command(fail))"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stderr.close()
    process.stdin.close()
    assert process.wait() == errors.BAD_INPUT


@pytest.mark.usefixtures("heeded_signals")
@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_is_one_line_and_what_was_begun_is_cleaned_up(number, code):
    script = (
        "import sys, time; from keras_ser.cli import errors\n"
        "def work():\n"
        "    try:\n        print('ready', flush=True); time.sleep(600)\n"
        "    finally:\n        print('cleaned up')\n"
        "sys.exit(errors.run_command(work))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    out, err = process.communicate()
    assert process.returncode == code
    assert out == "cleaned up\n"
    assert err == f"keras-ser: {errors.INTERRUPTED_TEXT}\n"
