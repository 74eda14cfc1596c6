"""Signals interrupt a program as Ctrl-C does, unless they are ignored."""

import os
import signal
import threading

import pytest

from keras_ser.utils import signals

HANGUP = getattr(signal, "SIGHUP", signal.SIGTERM)


@pytest.mark.usefixtures("heeded_signals")
@pytest.mark.parametrize("number", {signal.SIGINT, signal.SIGTERM, HANGUP})
def test_a_signal_interrupts_with_its_number(number):
    before = signal.getsignal(number)
    with pytest.raises(signals.Interrupted) as caught, signals.interrupting():
        os.kill(os.getpid(), number)
        pytest.fail("not interrupted")
    assert caught.value.number == number
    assert isinstance(caught.value, KeyboardInterrupt)
    assert signal.getsignal(number) == before


def test_an_ignored_signal_stays_ignored():
    before = signal.signal(HANGUP, signal.SIG_IGN)
    try:
        with signals.interrupting():
            os.kill(os.getpid(), HANGUP)
        assert signal.getsignal(HANGUP) == signal.SIG_IGN
    finally:
        signal.signal(HANGUP, before)


def test_other_threads_change_nothing():
    found = []

    def work():
        with signals.interrupting():
            found.append(signal.getsignal(signal.SIGTERM))

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [before]
