"""Vectors from files: arrays of NumPy, tables, word vectors as text; the suffix tells the format."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray

from mapeq._base.errors import FormatError, counted
from mapeq._base.optional import require
from mapeq.io.files.source import file_name, reading, text_lines
from mapeq.io.files.tables import table_rows

Vectors = tuple[NDArray[Any], list[str] | None]

#: What arrays in an .npz are called if there is a choice.
_VECTORS = ("vectors", "X", "embeddings")
_LABELS = ("labels", "words")

#: What pandas calls an index without a name, when it writes Parquet.
_INDEX = "__index_level_"


def read_vectors(path: str | os.PathLike[str]) -> Vectors:
    """Read vectors, and what they are called if the file says that.

    Parameters
    ----------
    path : str or os.PathLike
        The suffix tells the format; the text formats may be gzipped, and ``-`` is word vectors from standard input.

        - .npy: an array of shape (n, d), which stays on disk until it is used
        - .npz: its only such array, or the one called ``vectors``, ``X`` or ``embeddings``; an array of shape (n,)
          called ``labels`` or ``words`` has the labels
        - .csv, .tsv: a vector a row. The first column holds labels unless all of it are numbers, or if these count the
          rows, from 0 or 1; the first row is a
          header if other columns begin with a word. So is what pandas writes: a header that begins with an empty
          field, over an index, or one that counts the columns from 0.
        - .txt, .vec, .w2v: word vectors as word2vec and GloVe write them, lines ``word v1 v2 ... vd``, possibly after
          a first line ``n d``
        - .parquet (extra ``parquet``): one column of lists holds the vectors, or else each column of numbers is a
          dimension; the first column of strings, an index that pandas wrote, or a first column that counts the rows has
          the labels

    Returns
    -------
    vectors : array of shape (n, d)
        float32 if it was text, else as stored. NaN and infinity are passed on.
    labels : list of n str, or None

    Raises
    ------
    FormatError
        If the file cannot be read; says where and why.
    ImportError
        If the file is Parquet and pyarrow is not installed.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from mapeq.io.files.vectors import read_vectors
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "words.txt")
    ...     _ = path.write_text("ann 0.5 1\\nbob 2 -1\\n")
    ...     vectors, words = read_vectors(path)
    >>> vectors.tolist(), words
    ([[0.5, 1.0], [2.0, -1.0]], ['ann', 'bob'])
    """
    if os.fspath(path) == "-":
        return _read_words(path)
    name = Path(path)
    reader = _BINARY.get(name.suffix.lower()) or _TEXT.get(Path(name.name.removesuffix(".gz")).suffix.lower())
    if reader is None:
        known = ", ".join([*_BINARY, *_TEXT])
        raise FormatError(f"the suffix tells the format; it must be one of {known}", file=file_name(path))
    return reader(path)


# Text ----------------------------------------------------------------------------------------


class _Row(NamedTuple):
    """A line, or a row of a table, before its numbers are read."""

    line: int
    text: str
    label: str
    numbers: list[str]


def _read_words(path: str | os.PathLike[str]) -> Vectors:
    """Read lines ``word v1 v2 ... vd``, and check the number of vectors and dimensions if the first line says it."""
    file = file_name(path)
    rows: Iterator[_Row] = (_word_row(number, line) for number, line in text_lines(path))
    first = next(rows, None)
    said = _said(first) if first else None
    if first and not said:
        rows = chain([first], rows)
    vectors, labels = _filled(rows, file, "number")
    if not any(label.isdigit() or not _is_number(label) for label in labels):
        problem = "every line begins with a number where a word belongs; is it a table (.csv, .tsv), or vectors (.npy)?"
        raise FormatError(problem, file=file)
    if said and said != vectors.shape:
        raise FormatError(
            f"the first line says {counted(said[0], 'vector')} of {counted(said[1], 'dimension')}, "
            f"but there are {len(vectors):,} of {vectors.shape[1]:,}",
            file=file,
        )
    return vectors, labels


def _word_row(number: int, line: str) -> _Row:
    # Words may hold any blank but these two, a no-break space for one; those of GloVe hold even these.
    word, _, rest = line.strip(" \t").replace("\t", " ").partition(" ")
    fields = rest.split()
    while fields and not _is_number(fields[0]):
        word = f"{word} {fields.pop(0)}"
    return _Row(number, line, word, fields)


def _said(row: _Row) -> tuple[int, int] | None:
    """The numbers of vectors and dimensions, if that is what the first line says."""
    fields = [row.label, *row.numbers]
    is_said = len(fields) == 2 and all(field.isascii() and field.isdigit() for field in fields)
    return (int(fields[0]), int(fields[1])) if is_said else None


def _read_csv(path: str | os.PathLike[str], delimiter: str = ",") -> Vectors:
    """Read a table; whether its first column holds numbers is known in the end."""
    file = file_name(path)
    rows: Iterator[_Row] = (
        _Row(line, delimiter.join(fields), fields[0], fields)
        for line, fields in table_rows(text_lines(path), file, delimiter)
    )
    first = next(rows, None)
    is_header, has_labels = _header(first.numbers) if first else (False, False)
    if first and not is_header:
        rows = chain([first], rows)

    def without_words() -> Iterator[_Row]:
        nonlocal has_labels
        for row in rows:
            if row.label and not _is_number(row.label):
                has_labels = True
                row.numbers[0] = "nan"
            yield row

    vectors, labels = _filled(without_words(), file, "field")
    if not has_labels and not _begins_with_numbers_of_rows(vectors):
        return vectors, None
    if vectors.shape[1] == 1:
        separator = "tabs" if delimiter == "\t" else "commas"
        raise FormatError(f"holds labels and no numbers; fields are separated by {separator}", file=file)
    return vectors[:, 1:], labels


def _begins_with_numbers_of_rows(vectors: NDArray[Any]) -> bool:
    """Whether the first of several columns counts the rows, from 0 or from 1, which is no dimension of anything."""
    if len(vectors) < 3 or vectors.shape[1] < 2 or vectors[0, 0] not in (0, 1):
        return False
    return bool((np.diff(vectors[:, 0]) == 1).all())


def _header(fields: list[str]) -> tuple[bool, bool]:
    """Whether a first row is a header, and whether it says that the first column is an index and no dimension."""
    counted_columns = [str(k) for k in range(len(fields))]
    is_index = fields[0] == "" or (len(fields) > 2 and fields[1:] == counted_columns[:-1])
    is_counted = len(fields) > 2 and fields == counted_columns
    has_words = not all(map(_is_number, fields[1:] or fields))
    return is_index or is_counted or has_words, is_index


def _read_tsv(path: str | os.PathLike[str]) -> Vectors:
    return _read_csv(path, "\t")


def _filled(rows: Iterator[_Row], file: str, what: str) -> tuple[NDArray[np.float32], list[str]]:
    """The numbers of all rows as an array, which grows as they come, and the labels."""
    first = next(rows, None)
    if first is None:
        raise FormatError("holds no vectors", file=file)
    width = len(first.numbers)
    if width == 0:
        raise FormatError("a word and its numbers belong here", file=file, line=first.line, text=first.text)
    labels: list[str] = []

    def arrays() -> Iterator[NDArray[np.float32]]:
        for row in chain([first], rows):
            if len(row.numbers) != width:
                found = f"{counted(len(row.numbers), what)}, but line {first.line} has {width:,}"
                raise FormatError(found, file=file, line=row.line, text=row.text)
            labels.append(row.label)
            yield _numbers(row, file)

    return np.fromiter(arrays(), dtype=np.dtype((np.float32, (width,)))), labels


def _numbers(row: _Row, file: str) -> NDArray[np.float32]:
    try:
        return np.array(row.numbers, dtype=np.float32)
    except ValueError:
        wrong = next(field for field in row.numbers if not _is_number(field))
        problem = f"{wrong!r} stands where a number belongs"
        raise FormatError(problem, file=file, line=row.line, text=row.text) from None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


# Arrays --------------------------------------------------------------------------------------


def _read_npy(path: str | os.PathLike[str]) -> Vectors:
    with reading(path, "an .npy file of numbers"):
        array = np.lib.format.open_memmap(path, mode="r")
    return _checked(array, file_name(path)), None


def _read_npz(path: str | os.PathLike[str]) -> Vectors:
    file = file_name(path)
    with reading(path, "an .npz file of numbers and words"), open(path, "rb") as stream:
        stored = NpzFile(stream, allow_pickle=False)
        arrays = {name: stored[name] for name in stored.files}
    tables = [name for name, array in arrays.items() if array.ndim == 2]
    named = [name for name in _VECTORS if name in tables]
    if len(tables) != 1 and not named:
        held = ", ".join(f"{name} of shape {array.shape}" for name, array in arrays.items()) or "nothing"
        raise FormatError(
            f"one array of shape (n, d) is needed, or one called {', '.join(_VECTORS)}; it holds {held}", file=file
        )
    name = named[0] if named else tables[0]
    vectors = _checked(arrays[name], file)
    found = next((arrays[name] for name in _LABELS if name in arrays), None)
    if found is None:
        return vectors, None
    if found.shape != (len(vectors),):
        raise FormatError(f"the labels are of shape {found.shape}, but {name} of {vectors.shape}", file=file)
    return vectors, [str(label) for label in found.tolist()]


def _checked(array: Any, file: str) -> NDArray[Any]:
    if array.ndim != 2:
        raise FormatError(f"vectors must be rows of an array of shape (n, d), not of {array.shape}", file=file)
    if array.dtype.kind not in "fiub":
        raise FormatError(f"vectors must be real numbers, not {array.dtype}", file=file)
    return np.asarray(array)


# Parquet -------------------------------------------------------------------------------------


def _read_parquet(path: str | os.PathLike[str]) -> Vectors:
    parquet = require("pyarrow.parquet", extra="parquet")
    file = file_name(path)
    with reading(path, "a Parquet file"):
        table = parquet.read_table(path)
    columns = dict(zip(table.column_names, table.columns, strict=True))
    kinds = {name: _kind(name, column.type) for name, column in columns.items()}
    lists, numbers, names = ([name for name in columns if kinds[name] == kind] for kind in ("list", "number", "name"))
    others = [name for name in columns if kinds[name] is None] + names[1:]
    labels = [str(label) for label in columns[names[0]].to_pylist()] if names else None
    if len(lists) == 1:
        return _from_lists(columns[lists[0]], lists[0], file), labels
    if lists or others or not numbers:
        held = ", ".join(f"{name} ({column.type})" for name, column in columns.items()) or "nothing"
        raise FormatError(
            f"one column of lists is needed, or columns of numbers and at most one of strings; it holds {held}",
            file=file,
        )
    vectors = np.column_stack([columns[name].to_numpy() for name in numbers])
    if labels is None and _begins_with_numbers_of_rows(vectors):
        return vectors[:, 1:], [f"{number:g}" for number in vectors[:, 0].tolist()]
    return vectors, labels


def _kind(name: str, arrow_type: Any) -> str | None:
    """What a column is: a list of numbers, a number, a name, or None of these."""
    types = require("pyarrow", extra="parquet").types
    is_list = types.is_list(arrow_type) or types.is_large_list(arrow_type) or types.is_fixed_size_list(arrow_type)
    value = arrow_type.value_type if is_list or types.is_dictionary(arrow_type) else arrow_type
    if types.is_integer(value) or types.is_floating(value) or types.is_boolean(value):
        return "list" if is_list else "name" if name.startswith(_INDEX) else "number"
    is_string = types.is_string(value) or types.is_large_string(value)
    return "name" if is_string and not is_list else None


def _from_lists(column: Any, name: str, file: str) -> NDArray[Any]:
    """The vectors that a column of lists holds."""
    compute = require("pyarrow.compute", extra="parquet")
    sizes = compute.fill_null(compute.list_value_length(column), 0).to_numpy()
    if len(sizes) == 0:
        raise FormatError("holds no vectors", file=file)
    differing = np.flatnonzero(sizes != sizes[0])
    if len(differing):
        row = differing[0]
        raise FormatError(
            f"column {name}: {counted(int(sizes[row]), 'number')} in row {row}, but {sizes[0]:,} in row 0", file=file
        )
    return np.asarray(compute.list_flatten(column).to_numpy()).reshape(len(sizes), sizes[0])


Reader = Callable[[str | os.PathLike[str]], Vectors]
_BINARY: dict[str, Reader] = {".npy": _read_npy, ".npz": _read_npz, ".parquet": _read_parquet}
_TEXT: dict[str, Reader] = {
    ".csv": _read_csv,
    ".tsv": _read_tsv,
    ".txt": _read_words,
    ".vec": _read_words,
    ".w2v": _read_words,
}
