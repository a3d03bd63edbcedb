"""Vectors from files of every format, and what is said of those that hold none."""

import gzip
import io
import os
import pickle

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from mapeq import FormatError
from mapeq.io.files.vectors import read_vectors

WORDS = [
    "the",
    "1999",
    '"',
    "#hash",
    "caf\N{LATIN SMALL LETTER E WITH ACUTE}",
    "no\N{NO-BREAK SPACE}break",
    "a,b",
    ". .",
    "\N{NEXT LINE}",
]
VECTORS = np.random.default_rng(5).normal(size=(len(WORDS), 4)).astype(np.float32)


def word_lines(separator=" ", end="\n"):
    rows = zip(WORDS, VECTORS.tolist(), strict=True)
    return "".join(separator.join([word, *map(repr, row)]) + end for word, row in rows)


def is_read(path, vectors=VECTORS, labels=WORDS):
    found, names = read_vectors(path)
    np.testing.assert_array_equal(found, vectors)
    assert found.dtype == np.asarray(vectors).dtype
    assert names == labels
    return True


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int8", "bool", ">f8"])
def test_arrays_are_as_stored(dtype, tmp_path):
    vectors = (10 * VECTORS).astype(dtype)
    np.save(tmp_path / "v.npy", vectors)
    np.savez(tmp_path / "v.npz", vectors)
    assert is_read(tmp_path / "v.npy", vectors, None)
    assert is_read(tmp_path / "v.npz", vectors, None)


def test_an_array_stays_on_disk(tmp_path):
    np.save(tmp_path / "v.npy", VECTORS)
    vectors, _ = read_vectors(tmp_path / "v.npy")
    while not isinstance(vectors, np.memmap):
        vectors = vectors.base
    assert vectors.mode == "r"


@pytest.mark.parametrize("name", ["vectors", "X", "embeddings"])
def test_archives(name, tmp_path):
    np.savez(tmp_path / "v.npz", **{name: VECTORS}, other=np.ones((2, 2)), words=np.array(WORDS))
    assert is_read(tmp_path / "v.npz")
    np.savez_compressed(tmp_path / "v.npz", any_name=VECTORS, labels=np.arange(9), scale=1.5)
    assert is_read(tmp_path / "v.npz", labels=[*"012345678"])


@pytest.mark.parametrize("suffix", ["txt", "vec", "w2v", "TXT", "txt.gz"])
def test_word_vectors(suffix, tmp_path):
    path = tmp_path / f"v.{suffix}"
    for content in (
        word_lines(),
        "9 4\n" + word_lines(),
        "9 4 \n" + word_lines(end=" \n"),
        word_lines(end="\r\n"),
        word_lines("\t"),
        word_lines().rstrip("\n"),
    ):
        path.write_bytes(gzip.compress(content.encode()) if suffix.endswith("gz") else content.encode())
        assert is_read(path)


def test_word_vectors_from_standard_input(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(word_lines().encode())))
    assert is_read("-")


def test_not_a_number_is_passed_on(tmp_path):
    (tmp_path / "v.txt").write_text("a nan 1\nb -inf 2e3\n")
    (tmp_path / "v.csv").write_text("nan,1\n-inf,2e3\n")
    expected = np.array([[np.nan, 1], [-np.inf, 2000]], dtype=np.float32)
    assert is_read(tmp_path / "v.txt", expected, ["a", "b"])
    assert is_read(tmp_path / "v.csv", expected, None)


@pytest.mark.parametrize(("suffix", "separator"), [("csv", ","), ("tsv", "\t"), ("csv.gz", ",")])
def test_tables_as_pandas_writes_them(suffix, separator, tmp_path):
    path = tmp_path / f"v.{suffix}"
    named = pd.DataFrame(VECTORS, index=WORDS)
    for header in (True, [f"x{k}" for k in range(4)], False):
        named.to_csv(path, sep=separator, header=header)
        assert is_read(path)
        named.to_csv(path, sep=separator, header=header, index=False)
        assert is_read(path, labels=None)
    named.rename_axis("word").to_csv(path, sep=separator)
    assert is_read(path)
    pd.DataFrame(VECTORS).to_csv(path, sep=separator)
    assert is_read(path, labels=[*"012345678"])
    pd.DataFrame(VECTORS).rename_axis("id").to_csv(path, sep=separator)
    assert is_read(path, labels=[*"012345678"])


def test_a_first_column_of_numbers_is_a_dimension_unless_a_word_is_among_them(tmp_path):
    path = tmp_path / "v.csv"
    path.write_text("1,2\n3,4\n")
    assert is_read(path, np.float32([[1, 2], [3, 4]]), None)
    path.write_text("1,2\nnan,3\nthe,4\n")
    assert is_read(path, np.float32([[2], [3], [4]]), ["1", "nan", "the"])
    path.write_text("x\n1\n2\n")
    assert is_read(path, np.float32([[1], [2]]), None)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int16"])
def test_parquet(dtype, tmp_path):
    path = tmp_path / "v.parquet"
    vectors = (10 * VECTORS).astype(dtype)
    columns = pd.DataFrame(vectors, columns=[*"wxyz"])
    columns.to_parquet(path)
    assert is_read(path, vectors, None)
    columns.set_index(pd.Index(WORDS)).to_parquet(path)
    assert is_read(path, vectors)
    columns.assign(word=pd.Categorical(WORDS)).to_parquet(path)
    assert is_read(path, vectors)
    columns.set_index(pd.Index([5, 3, 9, 8, 1, 2, 0, 4, 7])).to_parquet(path)
    assert is_read(path, vectors, [*"539812047"])
    lists = pd.DataFrame({"id": range(9), "text": WORDS, "tags": [["a"]] * 9, "vector": list(vectors)})
    lists.to_parquet(path)
    assert is_read(path, vectors)
    fixed = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), 4)
    parquet.write_table(pa.table({"vector": fixed}), path, row_group_size=3)
    assert is_read(path, vectors, None)


def test_missing_numbers_in_parquet_are_not_numbers(tmp_path):
    parquet.write_table(pa.table({"x": [1, None], "y": [1.5, 2.5]}), tmp_path / "v.parquet")
    assert is_read(tmp_path / "v.parquet", np.array([[1, 1.5], [np.nan, 2.5]]), None)


def stored(**arrays):
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def saved(array):
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


def in_parquet(**columns):
    stream = io.BytesIO()
    parquet.write_table(pa.table(columns), stream)
    return stream.getvalue()


SUFFIXES = "the suffix selects the format; it must be one of .npy, .npz, .parquet, .csv, .tsv, .txt, .vec, .w2v"
NEEDED = "needs one array of shape (n, d), or one called vectors, X, embeddings; it contains"
IN_PARQUET = "needs one column of lists, or columns of numbers and at most one of strings; it contains"

BAD = {
    "v.doc": (b"", ": " + SUFFIXES),
    "v": (b"", ": " + SUFFIXES),
    "v.npy.gz": (b"", ": " + SUFFIXES),
    "empty.txt": (b"", ": contains no vectors"),
    "said.txt": (b"3 2\n", ": contains no vectors"),
    "few.txt": (b"a 1 2\n\nb 1\n", ", line 3: 1 number, but line 1 has 2: 'b 1'"),
    "many.txt": (b"2 2\na 1 2\nb 1 2 3\n", ", line 3: 3 numbers, but line 2 has 2: 'b 1 2 3'"),
    "word.txt": (b"a 1 2\nb 1 x\n", ", line 2: expected a number, found 'x': 'b 1 x'"),
    "words.txt": (b"a 1 2\nb x 1\n", ", line 2: 1 number, but line 1 has 2: 'b x 1'"),
    "lonely.txt": (b"word\n", ", line 1: expected a word and its numbers: 'word'"),
    "numbers.txt": (
        b"1.0e+00 2.5\n3.5e+00 4.5\n",
        ": every line begins with a number instead of a word; is it a table (.csv, .tsv), or an array (.npy)?",
    ),
    "short.txt": (b"3 2\na 1 2\nb 1 2\n", ": the first line states 3 vectors of 2 dimensions, but there are 2 of 2"),
    "narrow.txt": (b"1 3\na 1 2\n", ": the first line states 1 vector of 3 dimensions, but there are 1 of 2"),
    "binary.txt": (b"3 2\na \x00", ", line 2: not a UTF-8 text file: it contains a NUL byte: 'a \\x00'"),
    "cut.txt.gz": (gzip.compress(b"a 1 2\n" * 9999)[:-9], ": the gzip file is truncated"),
    "empty.csv": (b"", ": contains no vectors"),
    "header.csv": (b"x,y\n", ": contains no vectors"),
    "few.csv": (b"x,y\n1,2\n3\n", ", line 3: 1 field, but line 2 has 2: '3'"),
    "word.csv": (b"a,1,2\nb,1,x\n", ", line 2: expected a number, found 'x': 'b,1,x'"),
    "gap.csv": (b"1,2\n,3\n", ", line 2: expected a number, found '': ',3'"),
    "hole.tsv": (b"a\t1\t2\nb\t\t1\n", ", line 2: expected a number, found '': 'b\\t\\t1'"),
    "semicolons.csv": (b"a;1\nb;2\n", ": contains labels but no numbers; fields must be separated by commas"),
    "commas.tsv": (b"x,y\na,1\nb,2\n", ": contains labels but no numbers; fields must be separated by tabs"),
    "line.npy": (saved(np.arange(3)), ": vectors must be the rows of an array of shape (n, d), not (3,)"),
    "complex.npy": (saved(np.ones((2, 2)) * 1j), ": vectors must be real numbers, not complex128"),
    "words.npy": (saved(np.array([["a"]])), ": vectors must be real numbers, not <U1"),
    "lines.npz": (stored(a=np.arange(3), b=np.arange(2)), f": {NEEDED} a of shape (3,), b of shape (2,)"),
    "none.npz": (stored(), f": {NEEDED} nothing"),
    "two.npz": (stored(a=np.eye(2), b=np.eye(3)), f": {NEEDED} a of shape (2, 2), b of shape (3, 3)"),
    "labels.npz": (stored(X=np.eye(2), labels=np.arange(3)), ": the labels have shape (3,), but X has shape (2, 2)"),
    "none.parquet": (in_parquet(a=["x"], b=["y"]), f": {IN_PARQUET} a (string), b (string)"),
    "strings.parquet": (in_parquet(a=["x"], b=["y"], c=[1]), f": {IN_PARQUET} a (string), b (string), c (int64)"),
    "two.parquet": (
        in_parquet(a=[[1, 2]], b=[[1.5]]),
        f": {IN_PARQUET} a (list<element: int64>), b (list<element: double>)",
    ),
    "ragged.parquet": (in_parquet(v=[[1, 2], [1, 2], [3]]), ": column v: 1 number in row 2, but 2 in row 0"),
    "absent.parquet": (in_parquet(v=[[1, 2], None]), ": column v: 0 numbers in row 1, but 2 in row 0"),
    "no_rows.parquet": (in_parquet(v=pa.array([], pa.list_(pa.float32()))), ": contains no vectors"),
}


@pytest.mark.parametrize("first", [0, 1])
def test_a_first_column_that_counts_the_rows_is_none(first, tmp_path):
    ids = list(range(first, first + len(VECTORS)))
    table = pd.DataFrame(VECTORS.astype(np.float64), columns=list("abcd"))
    table.insert(0, "id", ids)
    for name, write in (("v.csv", table.to_csv), ("v.parquet", table.to_parquet)):
        write(tmp_path / name, index=False)
        vectors, labels = read_vectors(tmp_path / name)
        np.testing.assert_allclose(vectors, VECTORS, rtol=1e-6)
        assert labels == [str(number) for number in ids]
    (tmp_path / "line.csv").write_text("0\n1\n2\n")
    assert read_vectors(tmp_path / "line.csv")[0].tolist() == [[0], [1], [2]]


@pytest.mark.parametrize("name", ["id", "ID", "index", "Unnamed: 0", "name", "label"])
def test_a_column_called_id_is_a_label_whatever_it_holds(name, tmp_path):
    ids = [40, 7, 19, 3, 55, 8, 2, 91, 60]
    for place in (0, 2, 4):
        table = pd.DataFrame(VECTORS.astype(np.float64), columns=list("abcd"))
        table.insert(place, name, ids)
        table.to_csv(tmp_path / "v.csv", index=False)
        table.to_csv(tmp_path / "v.tsv", index=False, sep="\t")
        table.to_parquet(tmp_path / "v.parquet", index=False)
        for suffix in ("csv", "tsv", "parquet"):
            vectors, labels = read_vectors(tmp_path / f"v.{suffix}")
            np.testing.assert_allclose(vectors, VECTORS, rtol=1e-6)
            assert labels == [str(number) for number in ids]


def test_labels_may_be_in_any_column_but_in_one_only(tmp_path):
    path = tmp_path / "v.csv"
    path.write_text("x,word,y\n1,ann,2\n3,bob,4\n")
    vectors, labels = read_vectors(path)
    assert (vectors.tolist(), labels) == ([[1, 2], [3, 4]], ["ann", "bob"])
    path.write_text("id,x,name\n1,2,ann\n")
    with pytest.raises(FormatError, match="line 1: the columns id and name all hold labels; keep one of them"):
        read_vectors(path)


@pytest.mark.parametrize("name", BAD)
def test_bad_files(name, tmp_path):
    content, message = BAD[name]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FormatError) as caught:
        read_vectors(path)
    assert str(caught.value) == f"{path}{message}"


@pytest.mark.parametrize("suffix", ["npy", "npz", "parquet", "csv", "txt.gz"])
def test_paths_that_cannot_be_read(suffix, tmp_path):
    path = tmp_path / f"v.{suffix}"
    with pytest.raises(FormatError) as caught:
        read_vectors(path)
    assert str(caught.value) == f"{path}: no such file"
    path.mkdir()
    with pytest.raises(
        FormatError, match="holds no Parquet file" if suffix == "parquet" else ": a directory, not a file"
    ):
        read_vectors(path)


class Trap:
    def __reduce__(self):
        return os.abort, ()


@pytest.mark.parametrize("name", ["v.npy", "v.npz", "v.parquet"])
def test_what_a_library_cannot_read_is_one_line(name, tmp_path):
    path = tmp_path / name
    objects = np.array([[Trap()]], dtype=object)
    contents = [b"", b"no such thing", pickle.dumps(Trap()), saved(objects), stored(X=objects), saved(VECTORS)[:90]]
    contents += [saved(VECTORS)] if name == "v.npz" else [stored(X=VECTORS)]
    for content in contents:
        path.write_bytes(content)
        with pytest.raises(FormatError) as caught:
            read_vectors(path)
        assert str(caught.value).startswith(f"{path}: is not a")
        assert "\n" not in str(caught.value)
