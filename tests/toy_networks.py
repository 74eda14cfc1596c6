"""Small random networks in the files that front-ends read."""

import collections
import contextlib
import functools
import io
import json
import pickle
import struct
import sys
import tempfile
import types
import zipfile
from pathlib import Path

import numpy as np

HOP = 320  # samples


def write_onnx(
    folder,
    dimensions: int = 6,
    layers: int = 1,
    form: str = "one output",
    seed: int = 0,
    external: str = "",
    **description,
) -> Path:
    """Writes `model.onnx` and `front_end.json`.

    The network is a convolution of 400 samples every 320, with a `tanh`.

    Args:
        folder: The folder, which is created.
        dimensions: The number of values per frame of all layers together.
        layers: The number of layers.
        form: `"one output"` with the layers side by side, `"stacked"` with an axis for
            them, or `"outputs"` with one output per layer.
        seed: The seed of the weights.
        external: The place of the weights outside of the file, if they are.
        **description: Further keys of the description.
    """
    import onnx
    from onnx import TensorProto, helper

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    width = dimensions // layers
    drawn = np.random.default_rng(seed).normal(size=(dimensions, 1, 400))
    kernel = helper.make_tensor(
        "kernel",
        TensorProto.FLOAT,
        drawn.shape,
        (0.2 * drawn).astype("f4").tobytes(),
        True,
    )
    nodes = [
        helper.make_node("Unsqueeze", ["wave", "one"], ["channel"]),
        helper.make_node("Conv", ["channel", "kernel"], ["found"], strides=[HOP]),
        helper.make_node("Tanh", ["found"], ["active"]),
        helper.make_node("Transpose", ["active"], ["frames"], perm=[0, 2, 1]),
    ]
    numbers = {"one": [1]}
    names = ["frames"]
    if form != "one output":
        names = [f"layer_{number}" for number in range(layers)]
        numbers["sizes"] = [width] * layers
        nodes.append(helper.make_node("Split", ["frames", "sizes"], names, axis=2))
    if form == "stacked":
        stacked = [f"{name}_stacked" for name in names]
        numbers["zero"] = [0]
        nodes += [
            helper.make_node("Unsqueeze", [name, "zero"], [new])
            for name, new in zip(names, stacked, strict=True)
        ]
        nodes.append(helper.make_node("Concat", stacked, ["stack"], axis=0))
        names = ["stack"]
    constants = [
        helper.make_tensor(name, TensorProto.INT64, [len(values)], values)
        for name, values in numbers.items()
    ]
    graph = helper.make_graph(
        nodes,
        "toy",
        [helper.make_tensor_value_info("wave", TensorProto.FLOAT, [1, "samples"])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
            for name in names
        ],
        [kernel, *constants],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    if external:
        from onnx.external_data_helper import set_external_data

        set_external_data(model.graph.initializer[0], external)
        (folder / "weights.bin").write_bytes(model.graph.initializer[0].raw_data)
        model.graph.initializer[0].ClearField("raw_data")
    onnx.save(model, folder / "model.onnx")
    found = {"hop_seconds": HOP / 16_000, "dimensions": dimensions, "layers": layers}
    if form == "outputs":
        found["output"] = names
    text = json.dumps({**found, **description})
    (folder / "front_end.json").write_text(text, encoding="utf-8")
    return folder


@functools.cache
def onnx_folder() -> str:
    """A folder with a network of two layers, which lasts as long as the process."""
    folder = tempfile.TemporaryDirectory(prefix="toy_onnx_")
    _kept.append(folder)
    return str(write_onnx(folder.name, layers=2))


_kept: list = []


# === Files of `torch.save`, without PyTorch ===


class FakeTensor:
    """A tensor that is pickled as PyTorch does it.

    Args:
        values: The values of its storage, one after the other.
        shape, strides: Its shape, and its strides in values.
        offset: The index of its first value.
    """

    def __init__(self, values, shape=None, strides=None, offset=0):
        array = np.asarray(values)
        self.storage = array.ravel()
        self.shape = array.shape if shape is None else shape
        usual = np.cumprod([1, *self.shape[:0:-1]])[::-1] if self.shape else ()
        self.strides = tuple(map(int, usual)) if strides is None else strides
        self.offset = offset

    def __reduce__(self):
        import torch._utils

        parts = _Storage(self.storage), self.offset, self.shape, self.strides
        more = False, collections.OrderedDict()
        return torch._utils._rebuild_tensor_v2, (*parts, *more)


class _Storage:
    def __init__(self, values):
        self.values = values


KINDS = {"<f4": "FloatStorage", "<f2": "HalfStorage", "<i8": "LongStorage"}


class _Pickler(pickle.Pickler):
    """A pickler that keeps storages apart, and collects them."""

    def __init__(self, file, is_legacy, torch):
        super().__init__(file, protocol=2)
        self.storages, self._is_legacy, self._torch = {}, is_legacy, torch

    def persistent_id(self, value):
        if not isinstance(value, _Storage):
            return None
        key = str(len(self.storages))
        self.storages[key] = value.values
        kind = getattr(self._torch, KINDS[value.values.dtype.str])
        more = (None,) if self._is_legacy else ()
        return ("storage", kind, key, "cpu", len(value.values), *more)


@contextlib.contextmanager
def _fake_torch():
    """Modules with the names that the pickles of PyTorch ask for."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for name in KINDS.values():
        setattr(torch, name, type(name, (), {"__module__": "torch"}))

    def _rebuild_tensor_v2():
        raise AssertionError("must not be called")

    _rebuild_tensor_v2.__module__ = "torch._utils"
    _rebuild_tensor_v2.__qualname__ = "_rebuild_tensor_v2"
    utils._rebuild_tensor_v2, torch._utils = _rebuild_tensor_v2, utils
    before = {name: sys.modules.get(name) for name in ("torch", "torch._utils")}
    sys.modules |= {"torch": torch, "torch._utils": utils}
    try:
        yield torch
    finally:
        for name, module in before.items():
            sys.modules.pop(name)
            if module is not None:
                sys.modules[name] = module


def write_torch(path, value, form: str = "archive") -> Path:
    """Writes an object with `FakeTensor`s as `torch.save` does.

    Args:
        path: The file.
        value: The object.
        form: `"archive"`, or `"legacy"` for that of PyTorch before 1.6.
    """
    file = io.BytesIO()
    with _fake_torch() as torch:
        pickler = _Pickler(file, form == "legacy", torch)
        pickler.dump(value)
    storages = pickler.storages
    if form == "archive":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("net/data.pkl", file.getvalue())
            archive.writestr("net/byteorder", "little")
            for key, values in storages.items():
                archive.writestr(f"net/data/{key}", values.tobytes())
        return Path(path)
    system = {"protocol_version": 1001, "little_endian": True, "type_sizes": {}}
    head = [pickle.dumps(x, 2) for x in (0x1950A86A20F9469CFC6C, 1001, system)]
    tail = [struct.pack("<q", len(x)) + x.tobytes() for x in storages.values()]
    keys = pickle.dumps(list(storages), 2)
    Path(path).write_bytes(b"".join([*head, file.getvalue(), keys, *tail]))
    return Path(path)
