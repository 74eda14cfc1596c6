"""Threads and the description of the machine, in processes of their own."""

import json
import subprocess
import sys

import numpy as np


def answer(code):
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return done.stdout.strip().splitlines()[-1]


def test_threads_can_be_limited_before_use_only():
    code = """
import tensorflow as tf
from keras_ser import backend
backend.set_threads(1)
tf.constant(1.0) + 1
backend.set_threads(1)
try:
    backend.set_threads(2)
except ValueError as error:
    print(backend.describe()["threads"], error)
"""
    text = answer(code)
    assert text.startswith("1 Threads must be set before")
    assert "Received: 2" in text


def test_the_description_is_json():
    code = """
import json
from keras_ser import backend
print(json.dumps(backend.describe()))
"""
    described = json.loads(answer(code))
    assert {"librosa", "numpy", "scikit-learn", "soundfile", "soxr"} <= set(described)
    assert described["numpy"] == np.__version__
    assert {"keras", "tensorflow", "python", "backend", "device"} <= set(described)
