"""The search on a GPU: PyTorch's processor and NumPy stand in for one, and find the same as the exact search."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mapeq import InfomapClustering
from mapeq.embeddings import device, neighbors
from mapeq.embeddings.device import CupyDevice, TorchDevice, on_host
from mapeq.embeddings.graph import neighbor_graph
from mapeq.embeddings.neighbors import METRICS, nearest_neighbors

#: Few different numbers, so that ties, duplicates and zeros are frequent.
COARSE = hnp.arrays(
    np.float64, st.tuples(st.integers(2, 60), st.integers(1, 5)), elements=st.integers(-2, 2).map(float)
)


def torch_processor():
    return TorchDevice(pytest.importorskip("torch"), "cpu")


def torch_gpu():
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("no GPU")
    return TorchDevice(torch)


def cupy_gpu():
    cupy = pytest.importorskip("cupy")
    if not cupy.is_available():
        pytest.skip("no GPU")
    return CupyDevice(cupy)


@pytest.fixture(scope="module", params=[lambda: CupyDevice(np), torch_processor, torch_gpu, cupy_gpu])
def some_device(request):
    return request.param()


@pytest.fixture
def on_device(some_device, monkeypatch):
    monkeypatch.setattr(neighbors, "requested_device", lambda: some_device)


def check(vectors, count, **options):
    on_gpu = nearest_neighbors(vectors, count, algorithm="gpu", **options)
    wanted = nearest_neighbors(vectors, count, algorithm="exact", **options)
    np.testing.assert_array_equal(on_gpu.indices, wanted.indices)
    np.testing.assert_array_equal(on_gpu.distances, wanted.distances)


@pytest.mark.parametrize("metric", METRICS)
@given(vectors=COARSE, count=st.integers(1, 5), columns=st.sampled_from([7, 1000]), data=st.data())
def test_ties_and_zeros(some_device, metric, vectors, count, columns, data):
    queries = data.draw(hnp.arrays(np.float64, (4, vectors.shape[1]), elements=st.integers(-2, 2).map(float)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(neighbors, "requested_device", lambda: some_device)
        patch.setattr(device, "SPARE", 1)
        patch.setattr(device, "POINTS_AT_ONCE", columns)
        check(vectors, count, metric=metric)
        check(vectors, count, metric=metric, queries=queries)


@pytest.mark.usefixtures("on_device")
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16])
def test_blocks(monkeypatch, metric, dtype):
    vectors = (10 * np.random.default_rng(1).standard_normal((500, 20))).astype(dtype)
    vectors[100:200] = vectors[:100]
    vectors[200:300] = vectors[0]  # more equal ones than candidates
    monkeypatch.setattr(device, "QUERIES_AT_ONCE", 90)
    monkeypatch.setattr(device, "POINTS_AT_ONCE", 128)
    told = []
    check(vectors, 15, metric=metric, report=told.append)
    check(vectors, 15, metric=metric, queries=vectors[:130] + dtype(1), num_threads=2)
    assert told[-1] == 1


@pytest.mark.usefixtures("on_device")
@pytest.mark.parametrize("metric", ["euclidean", "inner_product"])
def test_clusters_that_float32_cannot_resolve(metric):
    rng = np.random.default_rng(2)
    check(1e5 * rng.integers(0, 3, (200, 1)) + 1e-3 * rng.standard_normal((200, 4)), 5, metric=metric)


def test_tensors_are_vectors():
    torch = pytest.importorskip("torch")
    vectors = np.random.default_rng(3).integers(-9, 9, (30, 4)).astype(np.float32)
    wanted = neighbor_graph(vectors, 3).toarray()
    for dtype in (torch.float64, torch.float32, torch.bfloat16, torch.int8):
        tensor = torch.from_numpy(vectors).to(dtype)
        assert (neighbor_graph(tensor, 3).toarray() == wanted).all()
    assert (neighbor_graph(torch.from_numpy(vectors).requires_grad_(), 3).toarray() == wanted).all()
    clustering = InfomapClustering(n_neighbors=3).fit(torch.from_numpy(vectors))
    np.testing.assert_array_equal(clustering.labels_, InfomapClustering(n_neighbors=3).fit(vectors).labels_)
    np.testing.assert_array_equal(clustering.predict(torch.from_numpy(vectors)), clustering.labels_)
    if torch.cuda.is_available():
        assert (neighbor_graph(torch.from_numpy(vectors).cuda(), 3).toarray() == wanted).all()


def test_the_precision_of_torch_is_as_before():
    torch = pytest.importorskip("torch")
    before = torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision("medium")
        torch_processor().best(torch.ones(3, 2), torch.ones(4, 2), torch.zeros(4), ([0], [0]), 2)
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision(before)


def library(is_available, free=1e12):
    """What the choice of a device looks at, of PyTorch."""
    return SimpleNamespace(
        cuda=SimpleNamespace(is_available=lambda: is_available, mem_get_info=lambda name: (free, free))
    )


def test_without_libraries_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setitem(sys.modules, "cupy", None)
    with pytest.raises(ImportError, match=r"needs PyTorch or CuPy: pip install 'mapeq\[gpu\]'"):
        nearest_neighbors(np.eye(3), 1, algorithm="gpu")


def test_without_a_gpu_the_error_names_the_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", library(is_available=False))
    monkeypatch.setitem(sys.modules, "cupy", None)
    with pytest.raises(ValueError, match="needs a GPU, and PyTorch found none; 'exact' finds the same without one"):
        nearest_neighbors(np.eye(3), 1, algorithm="gpu")


def test_the_second_library_is_asked_if_the_first_sees_nothing(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", library(is_available=False))
    monkeypatch.setitem(sys.modules, "cupy", SimpleNamespace(is_available=lambda: True))
    assert isinstance(device.requested_device(), CupyDevice)
    monkeypatch.setenv("CUPY_TF32", "1")
    with pytest.raises(ValueError, match="PyTorch and CuPy found none"):
        device.requested_device()


def test_the_default_is_a_gpu_that_is_seen_has_room_and_pays(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    monkeypatch.setitem(sys.modules, "torch", library(is_available=True))
    assert isinstance(device.device_worth_using(10_000, 10_000, 100), TorchDevice)
    assert device.device_worth_using(1000, 1000, 100) is None
    monkeypatch.setitem(sys.modules, "torch", library(is_available=True, free=1e6))
    assert device.device_worth_using(10_000, 10_000, 100) is None
    monkeypatch.setitem(sys.modules, "torch", library(is_available=False))
    assert device.device_worth_using(10_000, 10_000, 100) is None
    monkeypatch.setitem(sys.modules, "torch", None)
    assert device.device_worth_using(10_000, 10_000, 100) is None


def test_the_default_search_takes_the_device(monkeypatch):
    monkeypatch.setattr(neighbors, "device_worth_using", lambda *shape: CupyDevice(np))
    asked = []
    monkeypatch.setattr(CupyDevice, "load", lambda self, array: asked.append(array.shape) or array)
    vectors = np.random.default_rng(4).standard_normal((50, 3))
    found = nearest_neighbors(vectors, 3)
    assert asked
    np.testing.assert_array_equal(found.indices, nearest_neighbors(vectors, 3, algorithm="exact").indices)


def test_what_is_on_the_host_stays_there():
    for vectors in (np.eye(2), [[1.0]], "x", None):
        assert on_host(vectors) is vectors
