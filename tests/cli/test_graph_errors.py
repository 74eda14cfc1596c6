"""Each kind of TensorFlow's errors has its own words."""

import re
import sys

import pytest

from keras_ser.cli import errors, graph_errors

GRAPH = """Graph execution error:

Detected at node a/b defined at (most recent call last):
<stack traces unavailable>
Matrix size-incompatible: In[0]: [2,3], In[1]: [4,5]
\t [[{{node a/b}}]] [Op:__inference_step]"""


def raised(kind: str, message: str) -> Exception:
    tf = pytest.importorskip("tensorflow")
    return getattr(tf.errors, kind)(None, None, message)


@pytest.mark.not_fast
@pytest.mark.parametrize(
    ("kind", "message", "words"),
    [
        (
            "NotFoundError",
            "/c/00/x.f16; No such file",
            "complete features in /c/00/x.f16",
        ),
        (
            "InvalidArgumentError",
            "[/c/x.f32 is damaged",
            "complete features in /c/x.f32",
        ),
        ("InvalidArgumentError", GRAPH, "shapes and values fit .* Matrix size-incomp"),
        (
            "ResourceExhaustedError",
            "failed to allocate 8 GiB",
            "more memory than is free",
        ),
        ("InternalError", "CUDA_ERROR_OUT_OF_MEMORY", "more memory than is free"),
        (
            "ResourceExhaustedError",
            "a; No space left on device",
            "free space on its disk",
        ),
        ("ResourceExhaustedError", "/c/x.f16; No space left", "free space on its disk"),
        ("PermissionDeniedError", "logs/a; Permission denied", "read and written"),
        ("DataLossError", "truncated record at 3", "read and written"),
        ("NotFoundError", "/noise/a.bin; No such file", "read and written"),
        ("InternalError", "cuDNN launch failure", "TensorFlow to compute a step"),
        ("UnimplementedError", "no such kernel", "TensorFlow to compute a step"),
        ("InternalError", "", "Received: InternalError"),
    ],
)
def test_each_kind_has_its_own_words(kind, message, words):
    error = raised(kind, message)
    error.add_note("This was in run z.")
    found = graph_errors.explain(error)
    text = str(found)
    assert re.search(words, text)
    assert len(text) < 700 and "\n" not in text
    assert found.__notes__ == ["This was in run z."]
    is_about_features = "features" in words
    assert ("--verify" in text) == is_about_features


@pytest.mark.not_fast
def test_on_the_command_line_they_are_one_line(capsys):
    def fail():
        raise raised("InvalidArgumentError", GRAPH)

    assert errors.run_command(fail) == errors.FAILED
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "Matrix size-incompatible" in err


def test_without_tensorflow_none_of_its_errors_is_caught(monkeypatch):
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    assert graph_errors.kinds() == ()


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (MemoryError("Unable to allocate 80 GiB"), True),
        (RuntimeError("CUDA out of memory"), True),
        (RuntimeError("The loss must stay finite."), False),
        (RuntimeError("write: No space left; RESOURCE_EXHAUSTED"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_a_lack_of_memory_is_known(error, expected):
    assert graph_errors.is_lack_of_memory(error) is expected
