"""Modules of AnnData objects: found on the graph that scanpy makes, kept where scanpy keeps clusters."""

from types import SimpleNamespace

import numpy as np
import pytest
import scipy.sparse

import mapeq

anndata = pytest.importorskip("anndata")
pandas = pytest.importorskip("pandas")


def ring_of_cliques(num_cliques, size, between=0.1):
    """The matrix of cliques that are linked to the next one each."""
    matrix = scipy.sparse.lil_array((num_cliques * size, num_cliques * size), dtype=np.float32)
    for clique in range(num_cliques):
        nodes = np.arange(clique * size, (clique + 1) * size)
        matrix[np.ix_(nodes, nodes)] = 1 - np.eye(size)
        after = nodes[-1], (nodes[-1] + 1) % matrix.shape[0]
        matrix[after] = matrix[after[::-1]] = between
    return scipy.sparse.csr_matrix(matrix)


def cells(matrix, key="connectivities"):
    names = [f"cell {i}" for i in range(matrix.shape[0])]
    adata = anndata.AnnData(np.zeros((len(names), 1), dtype=np.float32), obs=pandas.DataFrame(index=names))
    adata.obsp[key] = matrix
    return adata


@pytest.fixture
def adata():
    return cells(ring_of_cliques(12, 5))


def test_modules_are_a_categorical_of_text_in_the_order_of_their_flow(adata):
    assert mapeq.tl.infomap(adata) is None
    result = mapeq.infomap(adata.obsp["connectivities"], markov_time="auto")
    column = adata.obs["infomap"]
    assert column.cat.categories.tolist() == [str(k) for k in range(12)]  # 10 behind 9
    assert column.astype(int).tolist() == result.labels.tolist()
    assert column.index.tolist() == adata.obs_names.tolist()


def test_what_was_found_and_how_is_kept_beside(adata):
    mapeq.tl.infomap(adata, key_added="modules", num_trials=3, seed=7, markov_time=1)
    kept = adata.uns["modules"]
    result = mapeq.infomap(adata.obsp["connectivities"], num_trials=3, seed=7)
    assert kept["codelength"] == result.codelength
    assert kept["trials"].tolist() == list(result.trials)
    assert (kept["num_modules"], kept["num_levels"], kept["converged"], kept["directed"]) == (12, 2, True, False)
    assert kept["version"] == mapeq.__version__
    assert kept["levels"].tolist() == ["modules"]
    params = kept["params"]
    assert (params["seed"], params["num_trials"], params["multilevel"], params["markov_time"]) == (7, 3, False, 1)
    assert params["use_weights"]
    assert "neighbors_key" not in params


def test_auto_says_what_was_asked_and_what_was_taken():
    # A ring has no modules of its own: the time grows.
    ring = scipy.sparse.diags_array([np.ones(299), np.ones(299)], offsets=[1, -1], format="csr")
    adata = cells(ring)
    mapeq.tl.infomap(adata)
    assert adata.uns["infomap"]["params"]["markov_time"] == "auto"
    assert adata.uns["infomap"]["markov_time"] == mapeq.infomap(ring, markov_time="auto").options["markov_time"] > 1


def test_levels_are_columns_of_nested_names(adata):
    mapeq.tl.infomap(adata, multilevel=True, markov_time=1)
    result = mapeq.infomap(adata.obsp["connectivities"], multilevel=True)
    assert result.num_levels == 3
    assert adata.uns["infomap"]["levels"].tolist() == ["infomap", "infomap_2"] == list(adata.obs)
    top, below = adata.obs["infomap"], adata.obs["infomap_2"]
    assert top.astype(int).tolist() == result.labels.tolist()
    assert [name.partition(",")[0] for name in below] == top.tolist()
    assert len(set(below)) == result.modules_per_level[1]
    assert pandas.Series(result.labels_at(2)).groupby(below.to_numpy()).nunique().eq(1).all()


def test_a_branch_that_is_less_deep_keeps_its_name():
    deep, flat = ring_of_cliques(12, 5), ring_of_cliques(1, 6)
    adata = cells(scipy.sparse.block_diag([deep, flat], format="csr"))
    mapeq.tl.infomap(adata, multilevel=True, markov_time=1)
    flat_name = adata.obs["infomap"].iloc[-1]
    assert adata.obs["infomap_2"].iloc[-1] == flat_name
    assert adata.obs["infomap_2"].str.contains(",").any()


def test_columns_of_levels_that_are_gone_go_but_no_others(adata):
    adata.obs["infomap_note"] = "mine"
    mapeq.tl.infomap(adata, multilevel=True, markov_time=1)
    mapeq.tl.infomap(adata)
    assert sorted(adata.obs) == ["infomap", "infomap_note"]


def test_a_file_holds_all_of_it(adata, tmp_path):
    mapeq.tl.infomap(adata, multilevel=True, markov_time=1, time_limit=60)
    adata.write_h5ad(tmp_path / "cells.h5ad")
    again = anndata.read_h5ad(tmp_path / "cells.h5ad")
    assert again.obs["infomap_2"].tolist() == adata.obs["infomap_2"].tolist()
    assert again.uns["infomap"]["params"] == adata.uns["infomap"]["params"]
    assert again.uns["infomap"]["codelength"] == adata.uns["infomap"]["codelength"]
    mapeq.tl.infomap(again)
    assert list(again.obs) == ["infomap"]
    on_disk = anndata.read_h5ad(tmp_path / "cells.h5ad", backed="r")
    mapeq.tl.infomap(on_disk)
    assert on_disk.obs["infomap"].tolist() == again.obs["infomap"].tolist()


def test_a_copy_leaves_the_original_alone(adata):
    copied = mapeq.tl.infomap(adata, copy=True)
    assert "infomap" in copied.obs
    assert "infomap" not in adata.obs
    assert "infomap" not in adata.uns


def test_the_graph_may_be_called_otherwise():
    matrix = ring_of_cliques(4, 5)
    adata = cells(matrix, "mine_connectivities")
    adata.uns["mine"] = {"connectivities_key": "mine_connectivities"}
    mapeq.tl.infomap(adata, key_added="by key", neighbors_key="mine")
    mapeq.tl.infomap(adata, key_added="by name", obsp="mine_connectivities")
    mapeq.tl.infomap(adata, key_added="sparse", adjacency=matrix)
    mapeq.tl.infomap(adata, key_added="dense", adjacency=matrix.toarray())
    expected = mapeq.infomap(matrix, markov_time="auto").labels.tolist()
    for column in ("by key", "by name", "sparse", "dense"):
        assert adata.obs[column].astype(int).tolist() == expected
    assert adata.uns["by key"]["params"]["neighbors_key"] == "mine"
    adata.uns["neighbors"] = adata.uns["mine"]
    mapeq.tl.infomap(adata)
    assert adata.obs["infomap"].astype(int).tolist() == expected


def test_direction_and_weights():
    matrix = ring_of_cliques(4, 5)
    rounded = matrix.copy()
    rounded.data[0] *= 1 + 1e-7  # a float32 beside
    assert rounded.data[0] != matrix.data[0]
    one_way = scipy.sparse.triu(matrix, format="csr")
    adata = cells(matrix)
    for graph, directed, is_directed in (
        (rounded, None, False),
        (rounded, True, True),
        (one_way, None, True),
        (one_way, False, False),
        (matrix, None, False),
    ):
        mapeq.tl.infomap(adata, adjacency=graph, directed=directed)
        assert adata.uns["infomap"]["directed"] is is_directed
    heavy = matrix.copy()
    heavy[0, 19] = heavy[19, 0] = 1000
    mapeq.tl.infomap(adata, adjacency=heavy, use_weights=False)
    assert adata.obs["infomap"].nunique() == 4
    mapeq.tl.infomap(adata, adjacency=heavy)
    assert adata.obs["infomap"].iloc[0] == adata.obs["infomap"].iloc[19]


def test_a_column_may_be_where_to_start_from(adata):
    adata.obs["given"] = pandas.Categorical([str(i // 5) for i in range(60)])
    mapeq.tl.infomap(adata, initial_partition=adata.obs["given"], markov_time=1)
    assert adata.obs["infomap"].nunique() == 12


def test_whatever_has_the_parts_of_anndata_will_do():
    plain = SimpleNamespace(
        obs=pandas.DataFrame(index=range(20)), obsp={"connectivities": ring_of_cliques(4, 5)}, uns={}
    )
    mapeq.tl.infomap(plain)
    assert plain.obs["infomap"].nunique() == 4


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"obsp": "no"}, KeyError, r"there is no graph adata\.obsp\['no'\] \(adata\.obsp holds 'other'\)"),
        ({}, KeyError, r"no graph adata\.obsp\['connectivities'\]; scanpy\.pp\.neighbors\(adata\) makes it"),
        (
            {"neighbors_key": "no"},
            KeyError,
            r"no neighbours adata\.uns\['no'\]; scanpy\.pp\.neighbors\(adata, key_added=",
        ),
        ({"obsp": "a", "neighbors_key": "b"}, ValueError, "neighbors_key must be omitted with obsp"),
        (
            {"adjacency": np.eye(3)},
            mapeq.NetworkError,
            r"a row and a column for each observation, \(20, 20\), not \(3, 3\)",
        ),
        ({"obsp": "other", "directed": "yes"}, ValueError, "directed must be True, False or None, not 'yes'"),
        ({"obsp": "other", "num_trials": 0}, ValueError, "num_trials must be"),
        ({"obsp": "other", "weight": "w"}, TypeError, "use use_weights=False"),
        ({"obsp": "other", "key_added": 3}, ValueError, "key_added must be the name of a column, not 3"),
    ],
)
def test_what_is_missing_or_wrong_is_said(options, error, message):
    adata = cells(ring_of_cliques(4, 5), "other")
    with pytest.raises(error, match=message):
        mapeq.tl.infomap(adata, **options)
    assert list(adata.obs) == []


def test_what_is_no_anndata_is_said():
    with pytest.raises(TypeError, match=r"a csr_matrix is not an AnnData: it has no obs; mapeq\.infomap takes graphs"):
        mapeq.tl.infomap(ring_of_cliques(4, 5))


def test_some_categories_only_as_scanpy_has_it(adata):
    adata.obs["given"] = pandas.Categorical([str(i // 20) for i in range(60)])
    before = adata.obs["given"].copy()
    mapeq.tl.infomap(adata, restrict_to=("given", ["0", "2"]), markov_time=1)
    found = adata.obs["infomap_R"]
    assert (adata.obs["given"] == before).all()
    assert set(found[20:40]) == {"1"}
    parts = [name for name in found.cat.categories if name != "1"]
    assert all(name.startswith("0-2,") for name in parts)
    assert len(parts) == 8  # cliques of 5
    assert adata.uns["infomap_R"]["params"]["restrict_to"] == "given"
    mapeq.tl.infomap(adata, restrict_to=("given", ["1"]), key_added="finer", markov_time=1)
    assert set(adata.obs["finer"][:20]) == {"0"}
    for wrong, error, message in (
        (("given", ["7"]), ValueError, "a column and some of its categories, here '0', '1', '2'"),
        (("none", ["7"]), KeyError, "there is no column adata.obs"),
        ("given", ValueError, "restrict_to must be a pair of a column and its categories"),
    ):
        with pytest.raises(error, match=message):
            mapeq.tl.infomap(adata, restrict_to=wrong)


def test_modules_to_start_from_go_by_the_names_of_observations(adata):
    adata.obs_names = [f"cell {i}" for i in range(60)]
    given = pandas.Series([str(i // 5) for i in range(60)], index=adata.obs_names)
    for start in (given, given[::-1], given.to_dict(), given.to_numpy()):
        mapeq.tl.infomap(adata, initial_partition=start, markov_time=1)
        assert adata.obs["infomap"].nunique() == 12
    with pytest.raises(mapeq.PartitionError, match="names no observation, such as 'cell 0'"):
        mapeq.tl.infomap(adata, initial_partition=given.reset_index(drop=True).set_axis(range(100, 160)))
