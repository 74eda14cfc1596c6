"""The exports of reports, and what importing them does not import."""

import subprocess
import sys

from keras_ser import reports

HEAVY = ("matplotlib", "keras", "tensorflow", "librosa")


def test_all_exports_exist():
    assert len(set(reports.__all__)) == len(reports.__all__) == 12
    assert all(hasattr(reports, name) for name in reports.__all__)


def test_the_import_is_light():
    code = (
        "import sys, keras_ser.reports; "
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
