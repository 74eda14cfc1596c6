"""Tensors from files of PyTorch, and files that ask for anything else."""

import collections
import os
import pickle

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from toy_networks import FakeTensor, write_torch

from keras_ser.features.torch_file import read_tensors

FORMS = ("archive", "legacy")
each_form = pytest.mark.parametrize("form", FORMS)
WEIGHT = np.arange(6, dtype="<f4").reshape(2, 3)


@each_form
def test_what_was_saved_is_read(form, tmp_path):
    value = collections.OrderedDict(
        weight=FakeTensor(WEIGHT),
        inner={"half": FakeTensor(np.ones(2, "<f2")), "count": FakeTensor(np.int64(3))},
        texts=["a", 1, 2.5, None, (True, FakeTensor(np.zeros(0, "<f4")))],
    )
    found = read_tensors(write_torch(tmp_path / "a.pt", value, form))
    assert list(found) == ["weight", "inner", "texts"]
    np.testing.assert_array_equal(found["weight"], WEIGHT)
    assert found["weight"].dtype == np.float32 and found["weight"].flags.writeable
    np.testing.assert_array_equal(found["inner"]["half"], np.ones(2, "<f2"))
    assert found["inner"]["count"].shape == () and found["inner"]["count"] == 3
    assert found["texts"][:4] == ["a", 1, 2.5, None]
    assert found["texts"][4][0] is True and found["texts"][4][1].shape == (0,)


@each_form
def test_a_tensor_may_be_a_view(form, tmp_path):
    transposed = FakeTensor(WEIGHT, (3, 2), (1, 3))
    part = FakeTensor(WEIGHT, (2,), (3,), offset=2)
    path = write_torch(tmp_path / "a.pt", {"t": transposed, "p": part}, form)
    found = read_tensors(path)
    np.testing.assert_array_equal(found["t"], WEIGHT.T)
    np.testing.assert_array_equal(found["p"], WEIGHT[:, 2])


class Evil:
    """An object whose pickle runs a command."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@each_form
def test_nothing_else_is_run(form, tmp_path):
    made = tmp_path / "made"
    path = write_torch(tmp_path / "a.pt", {"a": Evil(made)}, form)
    with pytest.raises(ValueError, match=r"asks for `\w+\.mkdir`.*state_dict"):
        read_tensors(path)
    assert not made.exists()


@pytest.mark.parametrize(
    "tensor",
    [
        FakeTensor(WEIGHT, (2, 4), (3, 1)),
        FakeTensor(WEIGHT, (2,), (1,), offset=5),
        FakeTensor(WEIGHT, (10**6, 10**6), (0, 0)),
        FakeTensor(WEIGHT, (2, 3), (1,)),
        FakeTensor(WEIGHT, (-1,), (1,)),
        FakeTensor(WEIGHT, (2,), (1.5,)),
    ],
    ids=["larger", "offset", "huge", "strides", "negative", "fraction"],
)
@each_form
def test_an_impossible_tensor_is_rejected(form, tensor, tmp_path):
    path = write_torch(tmp_path / "a.pt", {"a": tensor}, form)
    with pytest.raises(ValueError, match="cannot be read as such"):
        read_tensors(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"RIFF", pickle.dumps({"a": 1}), pickle.dumps(0x1950A86A20F9469CFC6C)],
    ids=["empty", "other", "pickle", "cut"],
)
def test_another_file_is_rejected(content, tmp_path):
    path = tmp_path / "a.pt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"torch.save wrote to {path}"):
        read_tensors(path)


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_tensors(tmp_path / "a.pt")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return tmp_path_factory


@given(place=st.floats(0, 1), value=st.integers(0, 255), length=st.floats(0, 1))
@example(place=0.99609375, value=1, length=1.0)  # the directory lies before the file
@settings(max_examples=60, deadline=None)
@each_form
def test_damage_is_an_error_or_does_no_harm(form, place, value, length, folders):
    folder = folders.mktemp("torch")
    path = write_torch(folder / "a.pt", {"a": FakeTensor(WEIGHT)}, form)
    content = bytearray(path.read_bytes())
    content[int(place * (len(content) - 1))] = value
    path.write_bytes(content[: max(1, int(length * 2 * len(content)))])
    try:
        found = read_tensors(path)
    except ValueError as error:
        assert "torch.save" in str(error) and len(str(error)) < 700
    else:
        assert isinstance(found, dict | list | int | float | str | bool | None)
