"""Links sorted into rows: as a plain program does it, bit for bit, whatever the number of threads."""

import signal
import sys
import threading
import time
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import networks

from mapeq._base import building, sorting
from mapeq._base import threads as threads_module
from mapeq._base.building import build_csr, transposed
from mapeq._base.csr import CSR, constant, is_constant, stepped

THREADS = (1, 2, 3, 5, 16)


def with_threads(num_threads):
    """All links are many, for so many threads."""
    return mock.patch.multiple(threads_module, MANY_LINKS=0, usable_processors=lambda: num_threads)


def plain_rows(sources, targets, weights, num_nodes, symmetric):
    """Rows of a matrix, parallel links summed in their order."""
    sums = {}
    for i, j, weight in zip(sources.tolist(), targets.tolist(), weights.tolist(), strict=True):
        for entry in {(i, j), (j, i)} if symmetric else {(i, j)}:
            sums[entry] = sums[entry] + weight if entry in sums else weight
    entries = sorted(sums)
    counts = np.bincount([i for i, _ in entries], minlength=num_nodes) if entries else np.zeros(num_nodes, int)
    weights = np.array([sums[entry] for entry in entries])
    return CSR(np.append(0, np.cumsum(counts)), np.array([j for _, j in entries], dtype=np.int32), weights)


def assert_equal_bits(rows, others):
    for array, other in zip(rows, others, strict=True):
        assert (array.dtype, array.shape, array.tobytes()) == (other.dtype, other.shape, other.tobytes())
    assert is_constant(rows.weights) or not is_constant(others.weights)


@pytest.mark.thorough
@given(
    networks(max_nodes=12, max_links=40),
    st.booleans(),
    st.sampled_from([1, 3, 10, 1 << 16]),
    st.sampled_from([1, 2, 11]),
    st.sampled_from([np.int64, np.int32, np.uint64, np.uint8, ">i8"]),
)
def test_any_number_of_threads_builds_the_same_rows(links, unweighted, block, digit_bits, dtype):
    weights = np.ones(len(links.weights)) if unweighted else links.weights
    sources, targets = links.sources.astype(dtype), links.targets.astype(dtype)
    for symmetric in (False, True):
        expected = plain_rows(links.sources, links.targets, weights, links.num_nodes, symmetric)
        row_of = np.repeat(np.arange(links.num_nodes), np.diff(expected.indptr))
        turned = plain_rows(expected.indices, row_of, expected.weights, links.num_nodes, False)
        for num_threads in (0, *THREADS):  # 0: by NumPy
            few = 0 if num_threads else 2 * len(sources) + 1
            small = mock.patch.multiple(sorting, BLOCK=block, DIGIT_BITS=digit_bits)
            with with_threads(num_threads), small, mock.patch.object(building, "FEW_LINKS", few - 1):
                given_weights = None if unweighted else weights
                rows = build_csr(sources, targets, given_weights, links.num_nodes, symmetric=symmetric)
                assert_equal_bits(rows, expected)
                columns = transposed(rows)
            assert_equal_bits(columns, turned)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("symmetric", [False, True])
def test_many_links_to_hubs(weighted, symmetric):
    rng = np.random.default_rng(0)
    sources, targets = (60_000 * rng.random((2, 300_000)) ** 6).astype(np.int64)
    weights = rng.random(300_000) if weighted else None
    found = []
    for num_threads in THREADS:
        with with_threads(num_threads):
            found.append(build_csr(sources, targets, weights, 60_000, symmetric=symmetric))
    for rows in found[1:]:
        assert_equal_bits(rows, found[0])
    low, high = (np.minimum(sources, targets), np.maximum(sources, targets)) if symmetric else (sources, targets)
    entries, entry_of = np.unique(low * 60_000 + high, return_inverse=True)
    sums = np.bincount(entry_of, weights)  # in the order of the links
    if symmetric:
        apart = entries // 60_000 != entries % 60_000
        entries = np.append(entries, (entries % 60_000 * 60_000 + entries // 60_000)[apart])
        sums = np.append(sums, sums[apart])
        sums = sums[np.argsort(entries)]
        entries.sort()
    np.testing.assert_array_equal(found[0].indices, entries % 60_000)
    np.testing.assert_array_equal(found[0].weights, sums)
    np.testing.assert_array_equal(np.diff(found[0].indptr), np.bincount(entries // 60_000, minlength=60_000))


@pytest.mark.parametrize(
    ("array", "step"),
    [
        (np.arange(6), 1),
        (np.arange(6).reshape(2, 3).T[:, 1], 1),
        (np.arange(6).reshape(3, 2)[:, 1], 2),
        (np.arange(6)[::-1], 1),
        (np.arange(6)[:0], 1),
        (constant(2.0, 3), 0),
        (np.zeros(3, dtype=[("a", "i1"), ("b", "<i8")])["b"], 1),
    ],
)
def test_steps(array, step):
    flat, found = stepped(array)
    assert found == step
    assert flat.flags.c_contiguous
    assert not flat.flags.writeable
    assert [flat[k * step] for k in range(len(array))] == array.tolist()


@pytest.mark.skipif(sys.platform == "win32", reason="needs a signal to send")
def test_ctrl_c():
    ended = []

    def job(threads):
        time.sleep(0.2)  # until the main thread waits
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        before = time.monotonic()
        while not threads.stop[0] and time.monotonic() < before + 10:
            time.sleep(0.01)
        ended.append(bool(threads.stop[0]))

    with pytest.raises(KeyboardInterrupt):
        threads_module.in_threads(job, threads_module.MANY_LINKS)
    assert ended == [True]
