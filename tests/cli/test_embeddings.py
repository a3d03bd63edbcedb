"""Clusters of vectors from the command line."""

import os
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from command import run

import mapeq
from mapeq.cli.parser import main


def word_vectors(groups=3, size=20):
    """Words in groups, by the angle of their vectors: those in a group are far from those in the others."""
    rng = np.random.default_rng(1)
    vectors = np.repeat(np.eye(groups, 8), size, axis=0) + 0.1 * rng.normal(size=(groups * size, 8))
    return [f"w{k}" for k in range(len(vectors))], vectors.astype(np.float32)


def modules_in(shown):
    return {label: int(module) for label, module in (line.split("\t") for line in shown.splitlines())}


def test_embeddings_are_what_python_makes_of_them(tmp_path):
    words, vectors = word_vectors()
    np.save(tmp_path / "v.npy", vectors)
    lines = [f"{word} {' '.join(map(str, row))}\n" for word, row in zip(words, vectors, strict=True)]
    (tmp_path / "v.txt").write_text("60 8\n" + "".join(lines))
    clustering = mapeq.InfomapClustering().fit(vectors)
    expected = clustering.labels_.tolist()
    assert len(set(expected)) == 3

    done = run("embeddings", "v.npy", cwd=tmp_path)
    assert done.returncode == 0
    assert modules_in(done.stdout.decode()) == {str(k): module + 1 for k, module in enumerate(expected)}
    summary = done.stderr.decode().splitlines()
    assert summary[0].startswith("v.npy: 60 vectors of 8 dimensions, 15 neighbours each by cosine, ")
    assert summary[0].endswith(f", Markov time {clustering.markov_time_:.3g}")
    assert re.fullmatch(r"done: read .* s, neighbours .* s, search .* s, write .* s", summary[-1])

    outputs = [part for suffix in ("csv", "parquet", "tree") for part in ("-o", f"out.{suffix}")]
    done = run("embeddings", "-", "-q", *outputs, cwd=tmp_path, stdin=(tmp_path / "v.txt").read_bytes())
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    table = pd.read_csv(tmp_path / "out.csv")
    assert (table["node"].tolist(), table["module"].tolist()) == (words, [module + 1 for module in expected])
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "out.parquet"), table, check_dtype=False)
    assert '"w0"' in (tmp_path / "out.tree").read_text()


def test_options_of_the_walk_and_the_objective(tmp_path, capsys):
    vectors = np.random.default_rng(0).normal(size=(80, 4))
    np.save(tmp_path / "v.npy", vectors)
    flags = "--variable-markov-time --variable-markov-damping 0.5 --preferred-number-of-modules 3 --markov-time 1"
    assert main(["embeddings", str(tmp_path / "v.npy"), *flags.split()]) == 0
    labels = [int(line.split("\t")[1]) - 1 for line in capsys.readouterr().out.splitlines()]
    options = {"variable_markov_time": True, "variable_markov_damping": 0.5, "preferred_number_of_modules": 3}
    assert labels == mapeq.infomap(mapeq.neighbor_graph(vectors), **options).labels.tolist()
    assert max(labels) == 2
    assert main(["embeddings", str(tmp_path / "v.npy"), "--preferred-number-of-modules", "81"]) == 1
    assert "--preferred-number-of-modules must be at most 80, the number of vectors" in capsys.readouterr().err


def test_options_of_embeddings_mean_what_they_mean_in_python(tmp_path, capsys):
    words, vectors = word_vectors(groups=6)
    path = tmp_path / "v.csv"
    pd.DataFrame(vectors, index=words).to_csv(path)
    graph = mapeq.neighbor_graph(
        vectors, 4, metric="euclidean", weights="local", symmetrize="directed", min_similarity=0.55, algorithm="exact"
    )
    result = mapeq.infomap(graph, directed=True, markov_time=0.7, num_trials=2, seed=3, multilevel=True)
    flags = "-k 4 --metric euclidean --weights local --symmetrize directed --min-similarity 0.55 --algorithm exact "
    flags += "--markov-time 0.7 -N 2 -s 3 --multilevel --num-threads 1"
    assert main(["embeddings", str(path), *flags.split()]) == 0
    shown = capsys.readouterr()
    assert modules_in(shown.out) == dict(zip(words, (result.labels + 1).tolist(), strict=True))
    assert f"{result.codelength:.6f} bits" in shown.err
    assert "Markov time" not in shown.err


def test_small_clusters_are_left_out(tmp_path, capsys):
    _, vectors = word_vectors()
    path = tmp_path / "v.npy"
    np.save(path, np.delete(vectors, range(17), axis=0))
    flags = ["-k", "2", "--markov-time", "8", "--min-cluster-size"]
    assert main(["embeddings", str(path), *flags, "4", "-o", str(tmp_path / "out.tsv")]) == 0
    assert "1 module of fewer than 4 nodes: 3 nodes written as -1" in capsys.readouterr().err
    assert pd.read_csv(tmp_path / "out.tsv", sep="\t")["module"].tolist() == [-1] * 3 + [2] * 20 + [1] * 20
    assert main(["embeddings", str(path), *flags, "4", "-q"]) == 0
    assert capsys.readouterr().out.startswith("0\t-1\n1\t-1\n2\t-1\n3\t2\n")


def test_tables_have_the_strengths_of_the_estimator(tmp_path):
    _, vectors = word_vectors()
    vectors = vectors[10:] + np.random.default_rng(3).normal(0, 0.25, vectors[10:].shape)
    np.save(tmp_path / "v.npy", vectors)
    flags = ["-k", "4", "--min-cluster-size", "16", "--strength", "-q"]
    assert main(["embeddings", str(tmp_path / "v.npy"), *flags, "-o", str(tmp_path / "out.csv")]) == 0
    table = pd.read_csv(tmp_path / "out.csv")
    clustering = mapeq.InfomapClustering(n_neighbors=4, min_cluster_size=16).fit(vectors)
    assert 0 < (clustering.labels_ < 0).sum() < len(vectors)
    assert table["module"].tolist() == np.where(clustering.labels_ < 0, -1, clustering.labels_ + 1).tolist()
    assert table["strength"].tolist() == pytest.approx(clustering.probabilities_.tolist(), abs=1e-12)
    assert set(table["alternative"]) <= {-1, 0, *range(1, clustering.n_clusters_ + 1)}


def test_what_there_is_to_warn_of_is_one_line(tmp_path, capsys):
    vectors = np.eye(4)
    vectors[2] = 0
    np.save(tmp_path / "v.npy", vectors)
    assert main(["embeddings", str(tmp_path / "v.npy"), "-q"]) == 0
    assert capsys.readouterr().err.splitlines() == [
        "mapeq: note: --n-neighbors=15, but there are 4 vectors: all are neighbours",
        "mapeq: note: 1 zero vector, the first in row 2: by cosine they have no neighbours, and each is a cluster "
        "of its own",
    ]


BAD_VECTORS = {
    "v.npy -k 0": "--n-neighbors must be a whole number, 1 or more, not 0",
    "v.npy --metric cos": "--metric must be one of cosine, euclidean, inner_product, not 'cos'",
    "v.npy --metric precomputed": "--metric must be one of cosine, euclidean, inner_product, not 'precomputed'",
    "v.npy --weights x": "--weights must be one of auto, umap, local, similarity, binary, jaccard, not 'x'",
    "v.npy --markov-time 0": "--markov-time must be a number above 0, not 0.0",
    "v.npy --time-limit=-1": "--time-limit must be seconds, 0 or more, not -1.0",
    "v.npy --min-cluster-size 0": "--min-cluster-size must be a whole number, 1 or more, not 0",
    "v.npy --min-cluster-size 2 -o out.csv -o out.clu": "out.clu: --min-cluster-size must be omitted, because only "
    ".csv, .tsv and .parquet files can leave out small modules",
    "v.npy -o out.doc": "out.doc: the suffix selects the format; it must be one of .clu, .tree, .ftree, .json, .csv, "
    ".tsv, .parquet, .graphml, .gexf, .html",
    "nan.txt": "row 1, column 2 of the vectors is NaN",
    "inf.txt": "row 0, column 1 of the vectors is infinity",
    "row.txt": "1 vector: at least two are needed",
    "twice.txt": "rows 0 and 2 of the vectors have the same label 'a'",
    "none.npy": "none.npy: no such file",
    "v.doc": "v.doc: the suffix selects the format; it must be one of .npy, .npz, .parquet, .csv, .tsv, .txt, .vec, "
    ".w2v",
}


@pytest.mark.parametrize("arguments", BAD_VECTORS)
def test_bad_vectors_and_options_are_one_clear_line(arguments, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("v.npy", np.eye(3))
    Path("nan.txt").write_text("a 1 2 3\nb 1 2 nan\n")
    Path("inf.txt").write_text("a 1 inf 3\nb 1 2 nan\n")
    Path("row.txt").write_text("a 1 2 3\n")
    Path("twice.txt").write_text("a 1 2\nb 2 2\na 1 2\n")
    before = os.listdir()
    assert main(["embeddings", *arguments.split()]) == 1
    assert capsys.readouterr() == ("", f"mapeq: {BAD_VECTORS[arguments]}\n")
    assert os.listdir() == before


def test_without_a_gpu_or_its_libraries_one_line_says_so(tmp_path, capsys, monkeypatch):
    np.save(tmp_path / "v.npy", word_vectors()[1])
    monkeypatch.setitem(sys.modules, "cupy", None)
    for torch, message in (
        (None, "algorithm='gpu' needs PyTorch or CuPy: pip install 'mapeq[gpu]'"),
        (SimpleNamespace(cuda=SimpleNamespace(is_available=lambda: False)), "PyTorch found none"),
    ):
        monkeypatch.setitem(sys.modules, "torch", torch)
        assert main(["embeddings", str(tmp_path / "v.npy"), "--algorithm", "gpu"]) == 1
        errors = capsys.readouterr().err.splitlines()
        assert len(errors) == 1
        assert message in errors[0]
