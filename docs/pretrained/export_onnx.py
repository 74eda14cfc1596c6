"""Exports a speech network of a local Hugging Face folder for the front-end `Onnx`.

Networks that take a waveform, such as wav2vec 2.0, HuBERT and WavLM, give all of their
layers or the chosen ones. Nothing is downloaded: the folder is one that
`save_pretrained` wrote, or that was downloaded before.

Command: python docs/pretrained/export_onnx.py FOLDER OUT [--layers 0,6,12]
Needs: pip install torch transformers onnx
"""

import argparse
import json
from pathlib import Path

import torch
import transformers

RATE = 16_000
EXAMPLE = RATE  # samples


class HiddenStates(torch.nn.Module):
    """A network that returns some of its layers side by side.

    Args:
        network: A network of Hugging Face that takes a waveform.
        layers: The numbers of the layers; 0 is the output of the convolutions.
    """

    def __init__(self, network, layers: list[int]):
        super().__init__()
        self.network = network
        self.chosen = layers

    def forward(self, wave):
        states = self.network(wave, output_hidden_states=True).hidden_states
        return torch.cat([states[number] for number in self.chosen], dim=-1)


def describe(network, layers: list[int], normalises: bool, source: str) -> dict:
    """What `front_end.json` says of the network."""
    sizes = network.config.conv_kernel, network.config.conv_stride
    window, hop = 1, 1
    for kernel, stride in zip(*sizes, strict=True):
        window += (kernel - 1) * hop
        hop *= stride
    return {
        "hop_seconds": hop / RATE,
        "dimensions": len(layers) * network.config.hidden_size,
        "layers": len(layers),
        "normalise_wave": normalises,
        "min_samples": window,
        "source": source,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder of the network")
    parser.add_argument("out", type=Path, help="folder for the front-end")
    parser.add_argument("--layers", help="numbers of layers; default: all of them")
    parser.add_argument("--licence", default="", help="licence of the weights")
    given = parser.parse_args()

    load = {"local_files_only": True}
    network = transformers.AutoModel.from_pretrained(given.folder, **load).eval()
    known = network.config.num_hidden_layers + 1
    layers = list(range(known))
    if given.layers:
        layers = [int(each) for each in given.layers.split(",")]
    normalises = False
    if (given.folder / "preprocessor_config.json").exists():
        extractor = transformers.AutoFeatureExtractor.from_pretrained(
            given.folder, **load
        )
        normalises = bool(extractor.do_normalize)

    given.out.mkdir(parents=True, exist_ok=True)
    with torch.no_grad():
        torch.onnx.export(
            HiddenStates(network, layers),
            (torch.zeros(1, EXAMPLE),),
            given.out / "model.onnx",
            input_names=["wave"],
            output_names=["frames"],
            dynamic_axes={"wave": {1: "samples"}, "frames": {1: "frames"}},
            opset_version=17,
            dynamo=False,
        )
    source = f"{given.folder.name}, layers {','.join(map(str, layers))}"
    found = describe(network, layers, normalises, source)
    found["licence"] = given.licence
    text = json.dumps(found, indent=2)
    (given.out / "front_end.json").write_text(text, encoding="utf-8")
    print(f"{given.out}: {found['dimensions']} values every {found['hop_seconds']:g} s")


if __name__ == "__main__":
    main()
