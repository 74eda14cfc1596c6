"""Stores the frames of a network for the front-end `Stored`, one array per audio file.

This is a pattern for your own program: `frames_of` is all that needs to change. Arrays
get the names of the audio files, with the folders that they lie in.

Command: python docs/pretrained/store_features.py FOLDER AUDIO OUT
Needs: pip install torch transformers soundfile soxr
"""

import argparse
import json
from pathlib import Path

import numpy as np
import soundfile
import soxr
import torch
import transformers

RATE = 16_000
SUFFIXES = {".wav", ".flac", ".ogg", ".mp3"}


def frames_of(network, wave: np.ndarray, normalises: bool) -> np.ndarray:
    """The frames of an utterance, `(frames, dimensions)`.

    Args:
        network: The network.
        wave: float32 `(samples,)` at 16 kHz.
        normalises: Whether the network expects waveforms of mean 0 and variance 1.
    """
    if normalises:
        wave = (wave - wave.mean()) / np.sqrt(wave.var() + 1e-7)
    with torch.no_grad():
        return network(torch.from_numpy(wave)[None]).last_hidden_state[0].numpy()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder of the network")
    parser.add_argument("audio", type=Path, help="folder of audio files")
    parser.add_argument("out", type=Path, help="folder for the arrays")
    given = parser.parse_args()

    network = transformers.AutoModel.from_pretrained(
        given.folder, local_files_only=True
    ).eval()
    settings = given.folder / "preprocessor_config.json"
    normalises = settings.exists() and bool(
        json.loads(settings.read_text(encoding="utf-8")).get("do_normalize")
    )
    files = sorted(
        path for path in given.audio.rglob("*") if path.suffix.lower() in SUFFIXES
    )
    for path in files:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
        wave = soxr.resample(samples.mean(axis=1), rate, RATE)
        target = (given.out / path.relative_to(given.audio)).with_suffix(".npy")
        target.parent.mkdir(parents=True, exist_ok=True)
        np.save(target, frames_of(network, wave, normalises).astype(np.float32))
    print(f"{given.out}: {len(files)} arrays")


if __name__ == "__main__":
    main()
