"""What mapeq exports, and that importing it costs nothing."""

import subprocess
import sys

import pytest

import mapeq


def test_all_public_names_exist():
    for name in mapeq.__all__:
        assert getattr(mapeq, name) is not None
    assert set(mapeq.__all__) <= set(dir(mapeq))


def test_public_names_are_imported_when_they_are_used():
    kept = "import mapeq; assert not vars(mapeq).keys() & set(mapeq.__all__) - {'__version__'}"
    assert imported_by(kept) & {"mapeq"}
    named = {name for name in mapeq.__all__ if name != "__version__"}
    assert mapeq._HOME.keys() == named | {"InfomapClustering"}
    for name, home in mapeq._HOME.items():
        assert getattr(mapeq, name).__module__ == home
        assert getattr(mapeq, name).__name__ == name


def test_the_estimator_is_public_though_not_of_those_that_a_star_imports():
    assert mapeq.InfomapClustering.__module__ == "mapeq.embeddings.estimator"
    assert "InfomapClustering" in dir(mapeq)


def test_tools_for_annotated_data_are_there_without_an_import_of_their_own():
    assert "tl" in dir(mapeq)
    assert not imported_by("import mapeq; assert mapeq.tl.infomap is not mapeq.infomap") & OPTIONAL


def test_names_stay_themselves_after_everything_is_imported():
    # A module of the same name as a function would take its place in the package.
    mapeq.infomap([(0, 1)])
    for name in ("infomap", "evaluate", "map_equation", "infomap_communities", "infomap_partitions", "read_network"):
        assert callable(getattr(mapeq, name))


def imported_by(code: str) -> set[str]:
    program = f"import sys\n{code}\nprint(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stderr.split()}


HEAVY = {"numpy", "scipy", "numba", "networkx"}
OPTIONAL = {"matplotlib", "pandas", "igraph", "sklearn", "faiss", "pyarrow", "polars", "torch", "anndata", "infomap"}


def test_importing_mapeq_imports_nothing_heavy():
    assert not imported_by("import mapeq") & (HEAVY | OPTIONAL)


@pytest.mark.parametrize("command", ["cluster", "embeddings", "plot"])
def test_help_imports_nothing_heavy(command):
    code = f"import mapeq.cli.parser\ntry: mapeq.cli.parser.main(['{command}', '--help'])\nexcept SystemExit: pass"
    assert not imported_by(code) & (HEAVY | OPTIONAL)


def test_the_backend_info_imports_nothing_heavy():
    assert not imported_by("import mapeq.integrations.networkx_info as info; info.get_info()") & (HEAVY | OPTIONAL)


def test_clustering_imports_no_optional_library():
    assert not imported_by("import mapeq; mapeq.infomap([(0, 1), (1, 2)])") & OPTIONAL


def test_clustering_an_array_does_not_import_networkx():
    assert "networkx" not in imported_by("import mapeq; mapeq.infomap([(0, 1), (1, 2)])")


def test_a_warm_call_imports_neither_sparse_matrices_nor_what_numba_compiles_with():
    # They take longer to import than the kernels to load: half a second of one.
    code = "import mapeq; mapeq.infomap([(0, 1), (1, 2)])"
    imported_by(code)  # compiles what it needs, if that was not done before
    unwanted = "'scipy.sparse', 'scipy.special', 'scipy.linalg', 'numba.np.arraymath', 'numba.typed.typeddict'"
    imported_by(f"{code}; found = {{{unwanted}}} & set(sys.modules); assert not found, found")
