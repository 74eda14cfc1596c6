"""TensorFlow's notices stay off the terminal, and everything else is still written."""

import os
import subprocess
import sys

import pytest

from keras_ser.backend import notices

CHATTER = [
    "WARNING: All log messages before absl::InitializeLog() is called are written",
    "I0000 00:00:1795975846.973025   31357 port.cc:153] oneDNN custom operations",
    "W0000 00:00:1795975846.973025   31357 cudart_stub.cc:31] Could not find cuda",
    "2024-05-01 10:11:12.345678: I tensorflow/core/util/port.cc:153] oneDNN",
    "E0000 00:00:1.2   3 cuda_dnn.cc:85] Unable to register cuDNN factory: already",
    "E0000 00:00:1.2   3 cuda_platform.cc:52] failed call to cuInit: INTERNAL",
    "To enable the following instructions: AVX2 FMA, rebuild TensorFlow",
]
OTHERS = [
    "E0000 00:00:1.2   3 somewhere.cc:1] the driver is too old",
    "ImportError: it was compiled for another version of numpy",
    "To enable GPU support, do this",
]


def python(code: str, **environment) -> subprocess.CompletedProcess:
    inherited = {k: v for k, v in os.environ.items() if k != notices.LEVEL}
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**inherited, **environment},
    )


@pytest.fixture
def package(tmp_path):
    """The folder of a `tensorflow` that prints notices and other lines to stderr."""
    lines = "\n".join([*CHATTER, *OTHERS, ""])
    (tmp_path / "tensorflow").mkdir()
    (tmp_path / "tensorflow" / "__init__.py").write_text(
        f"import os\nos.write(2, {lines.encode()!r})\nvalue = 1\n"
    )
    return str(tmp_path)


@pytest.mark.parametrize("line", CHATTER)
def test_notices_are_known(line):
    assert notices.NOTICE.match(line.encode())


@pytest.mark.parametrize("line", OTHERS)
def test_other_lines_are_kept(line):
    assert not notices.NOTICE.match(line.encode())


@pytest.mark.parametrize(
    "how",
    [
        "import tensorflow",
        "import lazy_loader; tensorflow = lazy_loader.load('tensorflow')",
        "import importlib.util as u; u.find_spec('tensorflow'); import tensorflow",
    ],
    ids=["import", "lazily", "after a search"],
)
def test_an_import_prints_no_notice(package, how):
    code = f"import keras_ser; keras_ser.quiet(); keras_ser.quiet(); {how}"
    done = python(f"{code}; print(tensorflow.value)", PYTHONPATH=package)
    assert (done.returncode, done.stdout) == (0, "1\n")
    assert done.stderr.splitlines() == OTHERS


def test_a_level_that_is_set_decides_alone(package):
    code = "import keras_ser; keras_ser.quiet(); import tensorflow"
    done = python(code, PYTHONPATH=package, TF_CPP_MIN_LOG_LEVEL="0")
    assert done.stderr.splitlines() == [*CHATTER, *OTHERS]


def test_a_package_that_is_missing_stays_missing(tmp_path):
    code = (
        "import sys, keras_ser; keras_ser.quiet(); sys.path[:] = []; "
        "import importlib.util; print(importlib.util.find_spec('tensorflow'))"
    )
    assert python(code).stdout == "None\n"


def test_an_error_during_the_import_is_raised_after_what_was_written(tmp_path):
    (tmp_path / "tensorflow.py").write_text(
        "import os\nos.write(2, b'E first\\n')\nraise ImportError('too old')\n"
    )
    code = "import keras_ser; keras_ser.quiet(); import tensorflow"
    done = python(code, PYTHONPATH=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith("E first\n") and "too old" in done.stderr


def test_a_crash_during_the_import_says_where_it_was(tmp_path):
    (tmp_path / "tensorflow.py").write_text("import os\nos.abort()\n")
    code = "import keras_ser; keras_ser.quiet(); import tensorflow"
    done = python(code, PYTHONPATH=str(tmp_path))
    assert done.returncode < 0
    assert "Aborted" in done.stderr and "tensorflow.py" in done.stderr


def test_closed_streams_are_no_error(package):
    code = (
        "import os, keras_ser; keras_ser.quiet(); os.close(2); import tensorflow; "
        "print(tensorflow.value)"
    )
    assert python(code, PYTHONPATH=package).stdout == "1\n"


def test_warnings_of_repeated_tracing_are_not_shown():
    code = (
        "import logging, keras_ser; keras_ser.quiet(); import tensorflow as tf; "
        "tf.get_logger().warning('5 out of the last 5 calls'); "
        "tf.get_logger().error('broken')"
    )
    written = python(code).stderr
    assert "broken" in written and "5 out of" not in written
