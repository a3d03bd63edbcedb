"""Threads that search together: the same results whoever else is busy, no deadlocks, no reference counts in loops."""

import os
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
import pytest
from optimizer.engines import block_of
from optimizer.test_multilevel_trials import nested
from strategies import level_of

from mapeq._base import jit
from mapeq._base.threads import Threads
from mapeq.network.network import Network
from mapeq.objective.two_level import partition
from mapeq.optimizer.control import Control
from mapeq.optimizer.node_moves import commit_nodes, unconstrained
from mapeq.optimizer.trials import find_modules
from mapeq.walk.models import random_walk
from mapeq.walk.options import WalkOptions


@pytest.fixture
def all_shared(monkeypatch):
    """Small levels are shared by all threads, too."""
    monkeypatch.setattr("mapeq.optimizer.engine.WORTH_SHARING", 0)


@pytest.fixture(scope="module")
def flow():
    return random_walk(nested(3), WalkOptions())


@pytest.mark.thorough
@pytest.mark.parametrize("multilevel", [False, True])
def test_searches_side_by_side_do_not_disturb_each_other(flow, multilevel, all_shared):
    def search(number):
        return find_modules(flow, multilevel=multilevel, seed=number % 3, num_threads=1 + number % 3)

    expected = [search(number) for number in range(3)]
    with ThreadPoolExecutor(8) as pool:
        for number, found in enumerate(pool.map(search, range(16))):
            np.testing.assert_array_equal(found.hierarchy.module_of, expected[number % 3].hierarchy.module_of)
            assert found.trials == expected[number % 3].trials


@pytest.mark.thorough
def test_a_busy_machine_gives_the_same(flow, all_shared):
    expected = find_modules(flow, num_threads=2)
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1)]
    try:
        found = find_modules(flow, num_threads=2, control=Control(time_limit=3600))
        np.testing.assert_array_equal(found.hierarchy.module_of, expected.hierarchy.module_of)
        assert found.trials == expected.trials
    finally:
        for process in busy:
            process.kill()
            process.wait()


def run(program):
    """What a program prints, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_searches_like_its_parent():
    before, parent, child = run(
        """
        import os, warnings
        import networkx as nx
        import mapeq
        import mapeq.optimizer.engine
        warnings.simplefilter("ignore", DeprecationWarning)
        mapeq.optimizer.engine.WORTH_SHARING = 0
        search = lambda: mapeq.infomap(nx.ring_of_cliques(12, 6), num_threads=3).codelength
        print(search(), flush=True)
        child = os.fork()
        if child == 0:
            print(search(), flush=True)
            os._exit(0)
        os.waitpid(child, 0)
        print(search(), flush=True)
        """
    )
    assert before == parent == child


def test_a_program_may_end_during_a_search():
    run(
        """
        import threading, time
        import numpy as np
        import mapeq
        ends = np.random.default_rng(0).integers(0, 20_000, (2, 200_000))
        mapeq.infomap(ends[:, :1000].T)
        search = threading.Thread(target=mapeq.infomap, args=(ends.T,), kwargs={"num_trials": 3}, daemon=True)
        search.start()
        time.sleep(0.3)
        """
    )


def test_a_stopped_search_ends_soon_in_all_threads():
    ends = np.random.default_rng(0).integers(0, 100_000, (2, 1_000_000))
    flow = random_walk(Network.from_edges(*ends), WalkOptions())
    find_modules(random_walk(Network.from_edges(*ends[:, :1000]), WalkOptions()))
    control = Control()
    timer = threading.Timer(0.5, control.stop)
    timer.start()
    begin = time.monotonic()
    found = find_modules(flow, num_trials=10_000, num_threads=3, control=control)
    assert found.stopped_by is not None
    assert found.more_trials_help is None
    assert len(found.trials) < 100
    assert time.monotonic() - begin < 30  # far less than all trials take


def test_what_fails_in_any_thread_is_raised():
    def fail(begin, end, number):
        if number == 1:
            raise ValueError(number)

    with Threads(3) as threads:
        with pytest.raises(ValueError, match="1"):
            threads.run(fail, [0, 1, 2, 3])
        assert threads.run(lambda begin, end, number: number, [0, 1, 2, 3]) == [0, 1, 2]
        with pytest.raises((TypeError, numba.TypingError)):  # before any thread waits for another one
            threads.together(jit.kernel_of(commit_nodes), "nonsense")
        assert threads.run(lambda begin, end, number: number, [0, 1, 2, 3]) == [0, 1, 2]


@pytest.mark.skipif(not jit._UNCOUNTED, reason="this Numba always counts references")
def test_kernels_that_move_nodes_count_no_references():
    level = level_of(Network.from_edges([0, 0, 1], [1, 2, 2]))
    state = partition(level, np.arange(3, dtype=np.uint32))
    block = block_of([0, 1, 2], 3)
    kernel = jit._compiled(commit_nodes.py_func, **jit._UNCOUNTED)  # not from a disk, where there is no text
    none = np.uint64(0)
    assert kernel(level, state, unconstrained(state), block, block.movers, none, none, True) == 0
    (text,) = kernel.inspect_llvm().values()
    assert "NRT_incref" not in text
    assert "NRT_decref" not in text
