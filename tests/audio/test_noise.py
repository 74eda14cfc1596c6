"""Noise in speech: its power, how it is drawn, and what cannot serve as noise."""

import dataclasses

import numpy as np
import pytest

from keras_ser import audio
from keras_ser.audio import noise as noises
from keras_ser.corpora import table as tables

RATE = audio.RATE


@pytest.fixture
def speech(noise):
    """A second of speech with a pause in it that is 60 dB quieter."""
    wave = noise(1.0, seed=3)
    wave[4000:9000] *= 1e-3
    return wave


@pytest.fixture
def noise_table(write_audio, noise, tone):
    """Two kinds, one of which has a clip shorter and one longer than speech."""
    clips = {
        "rain/a": noise(0.4, seed=1),
        "rain/b": noise(3.0, seed=2),
        "hum/a": tone(120.0, 0.31),
    }
    rows = [
        {
            "utterance": f"noise/{name}",
            "file": str(write_audio(f"noise/{name}.wav", wave, subtype="FLOAT")),
            "corpus": "noise",
            "speaker": f"noise/{name}",
            "session": name.partition("/")[0],
        }
        for name, wave in clips.items()
    ]
    return tables.from_rows(rows)


def decibels(ratio):
    return 10 * np.log10(ratio)


def power_by_loop(wave):
    """`speech_power` as in its docstring, frame by frame."""
    frames = [wave[start : start + 320] for start in range(0, len(wave) - 319, 320)]
    powers = [sum(float(x) ** 2 for x in frame) / 320 for frame in frames]
    loud = [power for power in powers if power >= max(powers) / 10_000]
    return sum(loud) / len(loud)


def test_power_of_speech_leaves_out_its_pauses(speech):
    assert noises.speech_power(speech) == pytest.approx(power_by_loop(speech))
    everything = np.square(speech, dtype=float).mean()
    assert decibels(noises.speech_power(speech) / everything) > 1


def test_speech_shorter_than_a_frame_is_one():
    assert noises.speech_power(np.float32([0.5, -0.5])) == 0.25


@pytest.mark.parametrize("snr", [-5.0, 0.0, 10.0, 20.0])
@pytest.mark.parametrize("kind", ["rain", "hum", "all"])
def test_the_ratio_is_exact_to_a_tenth_of_a_decibel(speech, noise_table, snr, kind):
    mixing = noises.Mixing(noises.clips(noise_table, kind), kind, snr, "toy/1")
    added = mixing(speech).astype(float) - speech
    measured = decibels(power_by_loop(speech) / np.square(added).mean())
    assert measured == pytest.approx(snr, abs=0.1)


def test_nothing_is_clipped_and_the_speech_keeps_its_level(speech):
    loud = 9 * speech
    mixed = noises.mix(loud, np.ones_like(loud), 0.0)
    assert np.abs(mixed).max() > 1
    added = mixed - loud
    np.testing.assert_allclose(added, added.mean(), rtol=1e-4)


def jumps(wave):
    return np.abs(np.diff(wave.astype(float)))


@pytest.mark.parametrize("hertz", [7.3, 90.0])
def test_a_short_clip_is_repeated_without_a_click(hertz):
    time = np.arange(round(0.23 * RATE)) / RATE
    clip = np.sin(2 * np.pi * hertz * time).astype(np.float32) + np.float32(0.3)
    naive = jumps(np.tile(clip, 2)).max()
    body = noises.loop(clip)
    repeated = jumps(np.tile(body, 3)).max()
    assert naive > 5 * jumps(clip).max()
    # In the cross-fade both clips change (√2), and so do the weights.
    assert repeated < 2 * jumps(clip).max() + 0.01


def test_a_seam_of_noise_is_no_larger_than_within_it_and_as_loud(noise):
    clip = noise(0.5)
    body = noises.loop(clip)
    repeated = np.tile(body, 2)
    seam = jumps(repeated[len(body) - 2 : len(body) + 800])
    assert seam.max() <= jumps(clip).max()
    faded, rest = body[:800], body[800:]
    assert decibels(np.square(faded).mean() / np.square(rest).mean()) == pytest.approx(
        0, abs=0.5
    )


def test_the_loop_continues_where_the_clip_ended(noise):
    clip = noise(0.5)
    body = noises.loop(clip)
    assert len(body) == len(clip) - 800
    np.testing.assert_array_equal(body[800:], clip[800:-800])
    assert body[0] == pytest.approx(clip[-800], abs=1e-3)
    assert body[799] == pytest.approx(clip[799], abs=1e-3)


def test_what_is_mixed_in_has_no_click_either():
    time = np.arange(round(0.23 * RATE)) / RATE
    clip = np.sin(2 * np.pi * 7.3 * time).astype(np.float32)
    found = noises.draw_segment(clip, 3 * len(clip), np.random.default_rng(0))
    assert jumps(found).max() < 2 * jumps(clip).max() + 0.01


@pytest.mark.parametrize("samples", [1, 2, 3])
def test_a_clip_of_a_few_samples_can_be_repeated(samples):
    found = noises.draw_segment(
        np.ones(samples, np.float32), 50, np.random.default_rng(0)
    )
    assert found.shape == (50,)
    assert np.isfinite(found).all()


def test_a_long_clip_is_cut_anywhere(noise):
    clip, rng = noise(2.0), np.random.default_rng(0)
    starts = set()
    for _ in range(40):
        found = noises.draw_segment(clip, 8000, rng)
        (start,) = np.flatnonzero(clip == found[0])[:1]
        np.testing.assert_array_equal(found, clip[start : start + 8000])
        starts.add(start)
    assert min(starts) < 4000 and max(starts) > 20_000


def recorded(monkeypatch):
    """The lengths of clips, and the segments of them, that are drawn from now on."""
    draw, drawn = noises.draw_segment, []

    def note(noise, samples, rng):
        found = draw(noise, samples, rng)
        drawn.append((len(noise), found))
        return found

    monkeypatch.setattr(noises, "draw_segment", note)
    return drawn


def scaled(mixed, speech):
    """The noise that was mixed in, with power 1."""
    added = mixed.astype(float) - speech
    return added / np.sqrt(np.square(added).mean())


@pytest.mark.parametrize("kind", ["rain", "all"])
def test_the_draw_is_a_function_of_utterance_and_kind(speech, noise_table, kind):
    mixing = noises.Mixing(noises.clips(noise_table, kind), kind, 0.0)
    one, again = mixing.for_utterance("toy/1"), mixing.for_utterance("toy/1")
    np.testing.assert_array_equal(one(speech), again(speech))
    assert dataclasses.replace(one, snr=0).key == one.key  # an int gives the same key
    for other in (
        mixing.for_utterance("toy/2"),
        dataclasses.replace(one, kind="hum", clips=noises.clips(noise_table, "hum")),
    ):
        pair = scaled(one(speech), speech), scaled(other(speech), speech)
        assert abs(np.mean(pair[0] * pair[1])) < 0.9
        assert other.key != one.key


def test_every_ratio_has_the_same_noise(speech, noise_table, monkeypatch):
    """Clip and offset agree over SNRs, and differ over kinds and utterances."""
    drawn, clips = recorded(monkeypatch), noises.clips(noise_table)
    first = noises.Mixing(clips, "all", 10.0, "toy/1")
    mixed = {snr: dataclasses.replace(first, snr=snr)(speech) for snr in (-5.0, 0, 20)}
    assert len(drawn) == 3
    for length, found in drawn[1:]:
        assert length == drawn[0][0]  # the same clip
        np.testing.assert_array_equal(found, drawn[0][1])
    for wave in mixed.values():
        error = scaled(wave, speech) - scaled(mixed[0], speech)
        assert np.abs(error).max() < 1e-3
    keys = {dataclasses.replace(first, snr=snr).key for snr in mixed}
    assert len(keys) == 3
    drawn.clear()
    for number in range(20):
        noises.Mixing(clips, "all", 0.0, f"toy/{number}")(speech)
        rain = noises.clips(noise_table, "rain")
        noises.Mixing(rain, "rain", 0.0, f"toy/{number}")(speech)
    starts = {found[:50].tobytes() for _, found in drawn}
    assert len(starts) == 40


def test_the_draw_is_the_same_in_any_process():
    """Golden values, which must not depend on `hash` or on Python's version."""
    assert noises.seed_of("emodb/03a01Fa", "rain") == 1665738765
    clip = noises.Clip("rain", "a.wav", None, None, "digest")
    key = noises.Mixing((clip,), "rain", 10, "emodb/03a01Fa").key
    assert key == "noise=rain by utterance and kind 10.0 1281423982 emodb/03a01Fa"


def test_the_order_of_the_noise_decides_nothing(speech, noise_table):
    shuffled = noise_table.iloc[::-1]
    one = noises.Mixing(noises.clips(noise_table), "all", 0.0, "toy/1")
    other = noises.Mixing(noises.clips(shuffled), "all", 0.0, "toy/1")
    assert one == other
    assert noises.fingerprint(noise_table) == noises.fingerprint(shuffled)


def test_all_draws_every_kind(noise_table, monkeypatch):
    read, drawn = noises._read, []
    monkeypatch.setattr(noises, "_read", lambda clip: drawn.append(clip) or read(clip))
    mixing = noises.Mixing(noises.clips(noise_table), "all", 0.0)
    for number in range(60):
        mixing.for_utterance(str(number))(np.ones(400, np.float32))
    kinds = [clip.kind for clip in drawn]
    # About half of the draws, although only one of the three clips is a hum.
    assert 15 < kinds.count("hum") < 45
    assert len({clip.file for clip in drawn}) == 3


def test_other_noise_has_another_fingerprint_and_key(noise_table):
    changed = noise_table.assign(digest=noise_table.digest.str[::-1])
    assert noises.fingerprint(changed) != noises.fingerprint(noise_table)
    rule = noises.fingerprint(noise_table)["noise_drawn_from"]
    assert rule == ["utterance", "kind"]  # tells runs under another rule apart
    keys = {noises.Mixing(noises.clips(t), "all", 0.0).key for t in (
        noise_table, changed)}  # fmt: skip
    assert len(keys) == 2
    assert noises.fingerprint(None) == {}


def test_silence_around_a_clip_is_no_noise(write_audio, noise, speech):
    wave = np.concatenate([np.zeros(RATE), noise(0.2), np.zeros(RATE)])
    file = write_audio("padded.wav", wave.astype(np.float32), subtype="FLOAT")
    clip = noises.Clip("rain", str(file), None, None, "")
    added = noises.Mixing((clip,), "rain", 0.0, "toy/1")(speech) - speech
    frames = added[: len(added) // 320 * 320].reshape(-1, 320)
    powers = np.square(frames).mean(axis=1)
    assert decibels(powers.max() / powers.min()) < 6


def test_a_stretch_of_silence_is_drawn_again(write_audio, noise):
    wave = np.concatenate([noise(0.2), np.zeros(3 * RATE), noise(0.2)])
    file = write_audio("gap.wav", wave.astype(np.float32), subtype="FLOAT")
    clip = noises.Clip("rain", str(file), None, None, "")
    for number in range(20):
        mixing = noises.Mixing((clip,), "rain", 0.0, str(number))
        assert np.isfinite(mixing(np.ones(1600, np.float32))).all()


def test_a_clip_that_is_silent_but_for_a_click_is_rejected(write_audio):
    wave = np.zeros(40 * RATE, np.float32)
    wave[:960:2] = wave[-960::2] = 0.5  # 60 ms each, as short as sound may be
    file = write_audio("click.wav", wave, subtype="FLOAT")
    mixing = noises.Mixing((noises.Clip("a", str(file), None, None, ""),), "a", 0.0)
    with pytest.raises(
        ValueError, match="long silences.*click.wav.*50 random segments of 0.02"
    ):
        mixing(np.ones(320, np.float32))


def test_noise_that_is_gone_is_no_fault_of_the_speech(noise_table, tmp_path):
    (clip,) = noises.clips(noise_table, "hum")
    gone = clip._replace(file=str(tmp_path / "gone.wav"))
    with pytest.raises(ValueError, match="gone.wav, which does not exist"):
        noises.Mixing((gone,), "hum", 0.0)(np.ones(320, np.float32))
    changed = clip._replace(digest="0" * 32)
    with pytest.raises(ValueError, match="has changed since"):
        noises.Mixing((changed,), "hum", 0.0)(np.ones(320, np.float32))


def test_unknown_kinds_are_rejected(noise_table):
    with pytest.raises(ValueError, match=r"kinds \['hum', 'rain'\], or 'all'.*'fog'"):
        noises.clips(noise_table, "fog")
    assert noises.noise_kinds(noise_table) == ("hum", "rain")


def demand(toy_table, *names):
    rows = [name.rpartition("/") for name in names]
    table = toy_table(range(len(names)), ("",), corpus="demand")
    return table.assign(
        utterance=[f"demand/{name}" for name in names],
        session=[kind for kind, _, _ in rows],
    )


def test_of_demand_the_first_channel_of_five_environments_is_mixed(toy_table):
    names = [f"{kind}/ch{n:02d}" for kind in noises.DEMAND for n in (1, 2)]
    table = demand(toy_table, *names, "TBUS/ch01")
    assert noises.noise_kinds(table) == noises.DEMAND
    assert len(noises.clips(table)) == 5
    files = {clip.file for clip in noises.clips(table, "NPARK")}
    assert files == set(table.file[table.utterance == "demand/NPARK/ch01"])
    with pytest.raises(ValueError, match="or 'all'. Received: 'TBUS'"):
        noises.clips(table, "TBUS")


def test_of_demand_no_environment_may_be_absent(toy_table):
    names = [f"{kind}/ch01" for kind in noises.DEMAND if kind != "NPARK"]
    with pytest.raises(ValueError, match="channel 1 of.*a folder without NPARK"):
        noises.clips(demand(toy_table, *names, "NPARK/ch02"))


@pytest.mark.parametrize("name", ["all", "wind:2"])
def test_kinds_that_no_condition_can_name_are_rejected(noise_table, name):
    table = noise_table.assign(session=name)
    for function in (noises.clips, noises.noise_kinds):
        with pytest.raises(ValueError, match=f"must not be called 'all'.*{name}"):
            function(table)
