"""Waiting for other threads: Ctrl-C is noticed, whatever handles it."""

import signal
import sys
import threading
import time

import pytest

from mapeq._base.threads import run_interruptible, usable_processors


@pytest.fixture
def resumed_waits():
    """Waits of the system go on after a signal, as where another library has installed its handler."""
    signal.siginterrupt(signal.SIGINT, False)
    yield
    signal.siginterrupt(signal.SIGINT, True)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a signal to send")
def test_ctrl_c_ends_a_wait_that_the_system_resumes(resumed_waits):
    stopped, in_time = threading.Event(), []

    def job():
        time.sleep(0.2)  # until the main thread waits
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        in_time.append(stopped.wait(10))

    with pytest.raises(KeyboardInterrupt):
        run_interruptible(job, stopped.set)
    assert in_time == [True]


@pytest.mark.parametrize(
    ("quota", "most"),
    [("200000 100000\n", 2), ("150000 100000\n", 2), ("10000 100000\n", 1), ("max 100000\n", None), ("", None)],
)
def test_a_container_uses_no_more_processors_than_it_has_time_for(quota, most, tmp_path, monkeypatch):
    monkeypatch.setattr("mapeq._base.threads.QUOTA", tmp_path / "none")
    all_processors = usable_processors()
    monkeypatch.setattr("mapeq._base.threads.QUOTA", tmp_path / "cpu.max")
    (tmp_path / "cpu.max").write_text(quota)
    assert usable_processors() == (all_processors if most is None else min(most, all_processors))
