"""The record of the environment in which a run is made."""

import pytest

from keras_ser.experiments import environment


def test_the_processor_is_named_as_the_system_names_it(tmp_path, monkeypatch):
    path = tmp_path / "cpuinfo"
    path.write_text("vendor_id : x\nmodel name\t: Fast CPU: 3 GHz\n")
    monkeypatch.setattr(environment, "CPU_INFO", path)
    assert environment.processor() == "Fast CPU: 3 GHz"


@pytest.mark.parametrize(
    ("flags", "widest"),
    [
        ("fpu avx avx2", "avx2"),
        ("avx avx2 avx512f avx512_bf16", "avx512_bf16"),
        ("fpu sse2", ""),
    ],
)
def test_types_of_one_name_differ(tmp_path, monkeypatch, flags, widest):
    path = tmp_path / "cpuinfo"
    core = f"cpu family\t: 25\nmodel\t\t: 1\nmodel name\t: AMD EPYC\nflags\t: {flags}\n"
    path.write_text(f"{core}\n{core.replace('25', '26')}")
    monkeypatch.setattr(environment, "CPU_INFO", path)
    expected = f"AMD EPYC, family 25, model 1, {widest}".rstrip(", ")
    assert environment.processor() == expected


@pytest.mark.parametrize("content", [None, "Processor : x\n"])
def test_a_processor_without_a_name_has_its_architecture(
    tmp_path, monkeypatch, content
):
    path = tmp_path / "cpuinfo"
    if content:
        path.write_text(content)
    monkeypatch.setattr(environment, "CPU_INFO", path)
    monkeypatch.setattr("platform.processor", lambda: "")
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    assert environment.processor() == "riscv64"
