"""Waiting for other threads: Ctrl-C is noticed, whatever handles it."""

import signal
import sys
import threading
import time

import pytest

from mapeq._base.threads import run_interruptible


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
