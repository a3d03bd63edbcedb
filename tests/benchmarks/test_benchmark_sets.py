"""The labelled sets of vectors: their shapes, that they are reproducible, and how the real ones are read."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from benchmarks import sets

OF_SCIKIT_LEARN = {"digits": (1797, 64, 10), "iris": (150, 4, 3), "wine": (178, 13, 3), "breast-cancer": (569, 30, 2)}
SYNTHETIC = {
    "blobs": (20_000, 64, 100),
    "pancakes": (6_000, 256, 40),
    "faces": (6_772, 512, 800),
    "voices": (6_701, 192, 250),
    "noisy-plane": (4_000, 2, 15),
    "noisy-space": (8_000, 16, 30),
}
SHAPES = OF_SCIKIT_LEARN | SYNTHETIC | {"email-departments": (986, 32, 42)}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "mapeq-benchmarks"


@pytest.mark.parametrize("name", SHAPES)
def test_a_set_has_vectors_and_classes(name):
    if name in OF_SCIKIT_LEARN:
        pytest.importorskip("sklearn")
    num_points, num_dimensions, num_classes = SHAPES[name]
    known = sets.load(name)
    assert known.vectors.shape == (num_points, num_dimensions)
    assert known.vectors.dtype == np.float32
    assert np.isfinite(known.vectors).all()
    assert known.labels.shape == (num_points,)
    assert set(known.labels) - {-1} == set(range(num_classes))
    assert (-1 in known.labels) == name.startswith("noisy")


@pytest.mark.parametrize("name", ["faces", "noisy-plane", "noisy-space"])
def test_synthetic_sets_are_reproducible_and_made_once(name, cache, monkeypatch):
    made = sets.load(name)
    vectors, labels = sets.KINDS[name].make()
    np.testing.assert_array_equal(made.vectors, vectors.astype(np.float32))
    np.testing.assert_array_equal(made.labels, labels)
    monkeypatch.setitem(sets.KINDS, name, sets.KINDS[name]._replace(make=None))
    np.testing.assert_array_equal(sets.load(name).vectors, made.vectors)
    assert [path.name for path in cache.iterdir()] == [f"labelled-{name}.npz"]


def test_roles_alternate_within_a_family():
    for family in {kind.family for kind in sets.KINDS.values()}:
        roles = [kind.role for kind in sets.KINDS.values() if kind.family == family]
        assert all(first != second for first, second in pairwise(roles))
    assert set(Counter(kind.role for kind in sets.KINDS.values()).values()) == {len(sets.KINDS) / 2}


def test_a_missing_library_is_named_with_its_extra(cache, monkeypatch):
    monkeypatch.setattr(sets, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"scipy-docs: No module named 'scipy'.*embeddings-bench"):
        sets.load("scipy-docs")
    assert not cache.exists()


def test_first_paragraphs_of_public_docstrings(tmp_path):
    source = '''
def useful():
    """Say something
    useful to users.

    More of it.
    """

def _hidden():
    """Say something to nobody at all."""

class Short:
    """Too short."""
'''
    (tmp_path / "module.py").write_text(source)
    assert list(sets.first_paragraphs(tmp_path / "module.py")) == ["Say something useful to users."]
