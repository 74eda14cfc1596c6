"""Measurements of waves whose level, silence and clipping are known."""

import subprocess
import sys

import numpy as np
import pytest

from keras_ser.corpora import measure
from keras_ser.corpora.measure import measure_file

RATE = 16_000


def file_of(write_audio, wave, name="a.wav", rate=RATE, subtype="FLOAT", **options):
    return str(write_audio(name, np.asarray(wave), rate, subtype=subtype, **options))


@pytest.fixture
def measured(write_audio):
    """A function that returns the measurements of a wave."""
    return lambda wave, **options: measure_file(
        file_of(write_audio, wave, **options.pop("file", {})), **options
    )


def test_a_tone_has_its_level_peak_and_length(measured, tone):
    found = measured(tone(400.0, seconds=1.0))
    assert found["level"] == pytest.approx(20 * np.log10(0.3 / np.sqrt(2)), abs=0.01)
    assert found["peak"] == pytest.approx(0.3, abs=1e-4)
    assert (found["seconds"], found["lead"], found["trail"]) == (1.0, 0.0, 0.0)
    assert (found["rate"], found["channels"], found["subtype"]) == (RATE, 1, "FLOAT")
    assert (found["clipped"], found["not_finite"], found["error"]) == (False, 0, "")


@pytest.mark.parametrize("rate", [8_000, 11_025, 44_100])
def test_silence_is_measured_before_and_after_speech(measured, tone, rate):
    before, speech, after = np.zeros(rate), tone(400.0, 0.5, rate), np.zeros(rate // 2)
    wave = np.concatenate([before, speech, after])
    found = measured(wave, file={"rate": rate})
    assert found["lead"] == pytest.approx(1.0, abs=0.021)
    assert found["trail"] == pytest.approx(0.5, abs=0.021)
    assert found["level"] == pytest.approx(20 * np.log10(0.3 / np.sqrt(2)), abs=0.3)


@pytest.mark.parametrize(("below", "lead"), [(30, 0.0), (50, 0.5)])
def test_frames_40_db_below_the_loudest_are_silence(measured, tone, below, lead):
    wave = tone(400.0, 1.0)
    wave[: RATE // 2] *= 10 ** (-below / 20)
    assert measured(wave)["lead"] == pytest.approx(lead)


@pytest.mark.parametrize(
    ("samples", "clipped"),
    [
        ([1.0, 1.0, 1.0], True),
        ([-1.0, 1.0, -0.9995], True),
        ([1.0, 1.0, 0.9, 1.0, 1.0], False),
        ([1.0, 1.0], False),
        ([0.998] * 9, False),
    ],
)
@pytest.mark.parametrize("place", [0, 100, 159_998, 159_999, 160_000, 319_990])
def test_three_samples_in_a_row_at_full_scale_are_clipping(
    measured, samples, clipped, place
):
    wave = np.zeros(320_000)  # two blocks
    wave[place : place + len(samples)] = samples
    assert measured(wave)["clipped"] is clipped


def test_clipping_is_detected_in_each_channel(measured):
    wave = np.zeros((RATE, 2))
    wave[100:102, 0] = wave[102:104, 1] = 1.0
    assert not measured(wave)["clipped"]
    wave[104, 1] = -1.0
    found = measured(wave)
    assert found["clipped"]
    assert found["channels"] == 2


def test_samples_that_are_not_finite_are_counted_and_left_out(measured, tone):
    wave = tone(400.0, 1.0)
    wave[[5, 6, 7]] = np.nan, np.inf, -np.inf
    found = measured(wave)
    assert found["not_finite"] == 3
    assert found["peak"] == pytest.approx(0.3, abs=1e-4)
    assert np.isfinite(found["level"])


def test_zeros_have_no_level_and_are_silence_throughout(measured):
    found = measured(np.zeros(RATE))
    assert (found["peak"], found["level"]) == (0.0, -np.inf)
    assert (found["lead"], found["trail"]) == (1.0, 1.0)


def test_a_segment_is_measured_alone(measured, tone):
    wave = np.concatenate([np.ones(RATE), tone(400.0, 1.0), np.zeros(RATE)])
    found = measured(wave, start=1.0, end=2.0)
    assert (found["seconds"], found["lead"], found["trail"]) == (1.0, 0.0, 0.0)
    assert found["peak"] == pytest.approx(0.3, abs=1e-4)
    assert not found["clipped"]
    assert measured(wave, start=1.5)["seconds"] == 1.5


@pytest.mark.parametrize("frames", [1, 7, 319, 160_000, 160_001, 480_123])
def test_blocks_make_no_difference(measured, noise, frames):
    wave = noise(31.0)[:frames]
    found = measured(wave)
    assert found["seconds"] == frames / RATE
    assert found["peak"] == pytest.approx(np.abs(wave).max())
    assert found["level"] == pytest.approx(10 * np.log10((wave**2).mean()), abs=0.1)


@pytest.mark.parametrize("case", ["gone", "page", "empty", "raw", "segment"])
def test_a_file_that_cannot_be_read_says_why(write_audio, tmp_path, case):
    path, start = tmp_path / "page.wav", None
    if case == "page":
        path.write_text("<html>")
    elif case == "empty":
        path = write_audio("empty.wav", np.zeros(0))
    elif case == "raw":
        (path := tmp_path / "page.raw").write_bytes(bytes(99))
    elif case == "segment":
        path, start = write_audio("short.wav"), 9.0
    found = measure_file(str(path), start, None)
    assert found["error"].startswith(f"{path}: ")
    assert len(found["error"]) > len(f"{path}: ")


def test_a_flac_file_that_is_cut_off_says_so(write_audio, noise):
    path = write_audio("cut.flac", noise(4.0))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    assert measure_file(str(path))["error"]


@pytest.mark.parametrize("name", ["ogg", "mp3"])
def test_joined_recordings_are_measured_to_the_end(write_audio, noise, name):
    path = write_audio(f"a.{name}", noise(4.0))
    one = measure_file(path)
    path.write_bytes(2 * path.read_bytes())
    found = measure_file(path)
    assert found["seconds"] == pytest.approx(2 * one["seconds"])
    assert found["level"] == pytest.approx(one["level"], abs=0.05)


@pytest.mark.parametrize("workers", [1, 2])
def test_every_row_is_measured(spoken_table, workers):
    table = spoken_table.iloc[::-1]
    found = measure.measure(table, workers)
    assert list(found.index) == list(table.index)
    assert set(found.columns) == set(measure.COLUMNS)
    one = measure_file(table.file.iloc[3])
    assert found.level.iloc[3] == one["level"]


def test_a_table_of_bad_files_has_numeric_columns(toy_table):
    found = measure.measure(toy_table("a"))
    assert (found.error != "").all()
    assert found.peak.dtype == np.float64


def test_threads_of_a_new_process_measure_at_once(write_audio, noise, tmp_path):
    """The decoder is imported before they start: half of a module is no module."""
    for number in range(8):
        write_audio(f"many/{number}.wav", noise(0.1, seed=number))
    code = (
        "import pathlib, pandas as pd\n"
        "from keras_ser.corpora import measure\n"
        f"folder = pathlib.Path({str(tmp_path / 'many')!r})\n"
        "files = sorted(map(str, folder.iterdir()))\n"
        "table = pd.DataFrame({'file': files}).assign(start=None, end=None)\n"
        "print((measure.measure(table, workers=8).error == '').sum())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "8", done.stderr
