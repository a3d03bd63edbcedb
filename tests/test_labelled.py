"""The labelled sets of vectors: what they promise to be, those that need no more than scikit-learn."""

from collections import Counter

import numpy as np
import pytest

from benchmarks import collected, labelled

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
    """The folder in which the sets of a test are kept."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "mapeq-benchmarks"


@pytest.mark.parametrize("name", SHAPES)
def test_a_set_is_as_it_is_described(name):
    if name in OF_SCIKIT_LEARN:
        pytest.importorskip("sklearn")
    num_points, num_dimensions, num_classes = SHAPES[name]
    known = labelled.load(name)
    assert known.name == name
    assert known.vectors.shape == (num_points, num_dimensions)
    assert known.vectors.dtype == np.float32
    assert np.isfinite(known.vectors).all()
    assert known.labels.shape == (num_points,)
    assert known.labels.dtype == np.int64
    assert set(known.labels) - {-1} == set(range(num_classes))
    assert (-1 in known.labels) == name.startswith("noisy")


@pytest.mark.parametrize("name", SYNTHETIC)
def test_what_is_made_to_order_is_the_same_every_time(name):
    make = labelled.KINDS[name].make
    for first, second in zip(make(), make(), strict=True):
        np.testing.assert_array_equal(first, second)


def test_a_set_is_made_once(cache, monkeypatch):
    made = labelled.load("noisy-plane")
    assert [path.name for path in cache.iterdir()] == ["labelled-noisy-plane.npz"]
    monkeypatch.setitem(labelled.KINDS, "noisy-plane", labelled.KINDS["noisy-plane"]._replace(make=None))
    kept = labelled.load("noisy-plane")
    np.testing.assert_array_equal(kept.vectors, made.vectors)
    np.testing.assert_array_equal(kept.labels, made.labels)


def test_half_of_the_sets_choose_and_half_report():
    roles = Counter(labelled.role(name) for name in labelled.NAMES)
    assert roles["choose"] == roles["report"] == len(labelled.NAMES) / 2


@pytest.mark.parametrize("family", ["pictures", "tables", "profiles", "texts", "made"])
def test_roles_alternate_within_a_family(family):
    roles = [kind.role for kind in labelled.KINDS.values() if kind.family == family]
    assert set(roles[::2]) | set(roles[1::2]) == {"choose", "report"}
    assert len(set(roles[::2])) == len(set(roles[1::2])) == 1


def test_metrics_are_known():
    assert {kind.metric for kind in labelled.KINDS.values()} == {"cosine", "euclidean"}


def test_a_missing_library_is_named_and_the_extra_that_has_it(cache, monkeypatch):
    monkeypatch.setattr(collected, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"scipy-docs: No module named 'scipy'.*mapeq\[embeddings-bench\]"):
        labelled.load("scipy-docs")
    assert not cache.exists()


def test_a_docstring_says_in_its_first_paragraph_what_a_function_does(tmp_path):
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
    assert list(collected._first_paragraphs(tmp_path / "module.py")) == ["Say something useful to users."]


def test_texts_whose_name_is_too_rare_are_left_out():
    names = {"a": "y", "b": "z", "c": "y", "d": "x", "e": "x", "f": "y", "g": "z"}
    assert collected._common(names) == {"a": "y", "c": "y", "f": "y"}


def test_labels_are_the_numbers_of_names():
    np.testing.assert_array_equal(collected._numbered(["y", "z", "x", "y"]), [1, 2, 0, 1])


def test_the_last_column_of_a_table_is_the_label(tmp_path):
    (tmp_path / "table.dat").write_text("1, 2.5, dog\n3, 4, cat\n")
    features, labels = collected._features_and_label(tmp_path / "table.dat")
    np.testing.assert_array_equal(features, [[1, 2.5], [3, 4]])
    np.testing.assert_array_equal(labels, [1, 0])
