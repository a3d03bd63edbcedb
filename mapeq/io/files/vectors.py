"""Read vectors from NumPy arrays, tables and word vectors; the suffix of the file selects the format."""

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
from mapeq.io.columns import is_number
from mapeq.io.files.columnar import columnar_table
from mapeq.io.files.compression import plain_name
from mapeq.io.files.source import file_name, reading, text_lines
from mapeq.io.files.tables import table_rows

Vectors = tuple[NDArray[Any], list[str] | None]

#: Names of arrays in an .npz file, by priority.
_VECTORS = ("vectors", "X", "embeddings")
_LABELS = ("labels", "words")

#: Names of columns that hold labels of rows, whatever is in them.
LABEL_COLUMNS = ("id", "index", "name", "label", "key", "node", "word", "unnamed: 0")

#: Prefix of an unnamed index in Parquet files written by pandas.
_INDEX = "__index_level_"


def read_vectors(path: str | os.PathLike[str]) -> Vectors:
    """Read vectors, and their labels if the file has some.

    Parameters
    ----------
    path : str or os.PathLike
        The suffix selects the format. Text formats may be gzipped. ``-`` reads word vectors from standard input.

        - .npy: an array of shape (n, d), memory-mapped
        - .npz: its only array of shape (n, d), or the one called ``vectors``, ``X`` or ``embeddings``; labels are an
          array of shape (n,) called ``labels`` or ``words``
        - .csv, .tsv: one vector per row. A column whose header is ``id``, ``index``, ``name``, ``label``, ``key``,
          ``node``, ``word`` or ``Unnamed: 0`` holds labels, whatever is in it. Otherwise the first column holds labels
          if it has a value that is not a number, or if it numbers the rows from 0 or 1. The first row is a header if it
          has text in another column. Headers of pandas are recognised, too: they begin with an empty field above an
          index, or number the columns from 0.
        - .txt, .vec, .w2v: word vectors as written by word2vec and GloVe, lines ``word v1 v2 ... vd``, optionally after
          a first line ``n d``
        - .parquet (extra ``parquet``): one column of lists holds the vectors, or else each column of numbers is a
          dimension. Labels are the first column of strings, an index written by pandas, a column of a name as in .csv,
          or a first column that numbers the rows.

    Returns
    -------
    vectors : array of shape (n, d)
        float32 from text formats, else as stored. NaN and infinity are kept.
    labels : list of n str, or None

    Raises
    ------
    FormatError
        If the file cannot be read; the message names the line and the reason.
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
    reader = _BINARY.get(name.suffix.lower()) or _TEXT.get(Path(plain_name(name.name)).suffix.lower())
    if reader is None:
        known = ", ".join([*_BINARY, *_TEXT])
        raise FormatError(f"the suffix selects the format; it must be one of {known}", file=file_name(path))
    return reader(path)


# Text ----------------------------------------------------------------------------------------


class _Row(NamedTuple):
    """A line, or a row of a table, before its numbers are parsed."""

    line: int
    text: str
    label: str
    numbers: list[str]


def _read_words(path: str | os.PathLike[str]) -> Vectors:
    """Read lines ``word v1 v2 ... vd``; check the numbers of vectors and dimensions if the first line states them."""
    file = file_name(path)
    rows: Iterator[_Row] = (_word_row(number, line) for number, line in text_lines(path))
    first = next(rows, None)
    stated = _stated_shape(first) if first else None
    if first and not stated:
        rows = chain([first], rows)
    vectors, labels = _filled(rows, file, "number")
    if not any(label.isdigit() or not is_number(label) for label in labels):
        problem = "every line begins with a number instead of a word; is it a table (.csv, .tsv), or an array (.npy)?"
        raise FormatError(problem, file=file)
    if stated and stated != vectors.shape:
        raise FormatError(
            f"the first line states {counted(stated[0], 'vector')} of {counted(stated[1], 'dimension')}, "
            f"but there are {len(vectors):,} of {vectors.shape[1]:,}",
            file=file,
        )
    return vectors, labels


def _word_row(number: int, line: str) -> _Row:
    # Words may contain other whitespace, such as a no-break space; some words of GloVe even contain spaces.
    word, _, rest = line.strip(" \t").replace("\t", " ").partition(" ")
    fields = rest.split()
    while fields and not is_number(fields[0]):
        word = f"{word} {fields.pop(0)}"
    return _Row(number, line, word, fields)


def _stated_shape(row: _Row) -> tuple[int, int] | None:
    """Return the numbers of vectors and dimensions if the first line states them."""
    fields = [row.label, *row.numbers]
    is_shape = len(fields) == 2 and all(field.isascii() and field.isdigit() for field in fields)
    return (int(fields[0]), int(fields[1])) if is_shape else None


def _read_csv(path: str | os.PathLike[str], delimiter: str = ",") -> Vectors:
    """Read a table; only at its end is it known whether the first column holds labels."""
    file = file_name(path)
    rows: Iterator[_Row] = (
        _Row(line, delimiter.join(fields), fields[0], fields)
        for line, fields in table_rows(text_lines(path), file, delimiter)
    )
    first = next(rows, None)
    is_header, has_labels = _header(first.numbers) if first else (False, False)
    place = 0
    if first and is_header:
        named = _label_columns(first.numbers)
        if len(named) > 1:
            problem = f"the columns {' and '.join(first.numbers[k] for k in named)} all hold labels; keep one of them"
            raise FormatError(problem, file=file, line=first.line, text=first.text)
        place, has_labels = (named[0], True) if named else (0, has_labels)
    elif first:
        rows = chain([first], rows)

    def with_label_as_nan() -> Iterator[_Row]:
        nonlocal has_labels
        for row in rows:
            label = row.numbers[place] if place < len(row.numbers) else ""
            has_text = bool(label) and not is_number(label)
            has_labels = has_labels or has_text
            if has_text or (has_labels and label):
                row.numbers[place] = "nan"
            yield row._replace(label=label)

    vectors, labels = _filled(with_label_as_nan(), file, "field")
    if not has_labels and not _begins_with_row_numbers(vectors):
        return vectors, None
    if vectors.shape[1] == 1:
        separator = "tabs" if delimiter == "\t" else "commas"
        raise FormatError(f"contains labels but no numbers; fields must be separated by {separator}", file=file)
    return vectors[:, 1:] if place == 0 else np.delete(vectors, place, axis=1), labels


def _label_columns(names: list[str]) -> list[int]:
    """Return the positions of the columns whose names say that they hold labels, not a dimension."""
    return [k for k, name in enumerate(names) if name.strip().lower() in LABEL_COLUMNS]


def _begins_with_row_numbers(vectors: NDArray[Any]) -> bool:
    """Return whether the first of several columns numbers the rows, from 0 or 1, and so is not a dimension."""
    if len(vectors) < 3 or vectors.shape[1] < 2 or vectors[0, 0] not in (0, 1):
        return False
    return bool((np.diff(vectors[:, 0]) == 1).all())


def _header(fields: list[str]) -> tuple[bool, bool]:
    """Return whether a first row is a header, and whether it marks the first column as an index."""
    counted_columns = [str(k) for k in range(len(fields))]
    is_index = fields[0] == "" or (len(fields) > 2 and fields[1:] == counted_columns[:-1])
    is_counted = len(fields) > 2 and fields == counted_columns
    has_words = not all(map(is_number, fields[1:] or fields))
    return is_index or is_counted or has_words, is_index


def _read_tsv(path: str | os.PathLike[str]) -> Vectors:
    return _read_csv(path, "\t")


def _filled(rows: Iterator[_Row], file: str, what: str) -> tuple[NDArray[np.float32], list[str]]:
    """Collect the numbers of all rows in an array, and the labels."""
    first = next(rows, None)
    if first is None:
        raise FormatError("contains no vectors", file=file)
    width = len(first.numbers)
    if width == 0:
        raise FormatError("expected a word and its numbers", file=file, line=first.line, text=first.text)
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
        wrong = next(field for field in row.numbers if not is_number(field))
        problem = f"expected a number, found {wrong!r}"
        raise FormatError(problem, file=file, line=row.line, text=row.text) from None


# Arrays --------------------------------------------------------------------------------------


def _read_npy(path: str | os.PathLike[str]) -> Vectors:
    with reading(file_name(path), "an .npy file of numbers"):
        array = np.lib.format.open_memmap(path, mode="r")
    return _checked(array, file_name(path)), None


def _read_npz(path: str | os.PathLike[str]) -> Vectors:
    file = file_name(path)
    with reading(file_name(path), "an .npz file of numbers and words"), open(path, "rb") as stream:
        stored = NpzFile(stream, allow_pickle=False)
        arrays = {name: stored[name] for name in stored.files}
    tables = [name for name, array in arrays.items() if array.ndim == 2]
    named = [name for name in _VECTORS if name in tables]
    if len(tables) != 1 and not named:
        held = ", ".join(f"{name} of shape {array.shape}" for name, array in arrays.items()) or "nothing"
        raise FormatError(
            f"needs one array of shape (n, d), or one called {', '.join(_VECTORS)}; it contains {held}", file=file
        )
    name = named[0] if named else tables[0]
    vectors = _checked(arrays[name], file)
    found = next((arrays[name] for name in _LABELS if name in arrays), None)
    if found is None:
        return vectors, None
    if found.shape != (len(vectors),):
        raise FormatError(f"the labels have shape {found.shape}, but {name} has shape {vectors.shape}", file=file)
    return vectors, [str(label) for label in found.tolist()]


def _checked(array: Any, file: str) -> NDArray[Any]:
    if array.ndim != 2:
        raise FormatError(f"vectors must be the rows of an array of shape (n, d), not {array.shape}", file=file)
    if array.dtype.kind not in "fiub":
        raise FormatError(f"vectors must be real numbers, not {array.dtype}", file=file)
    return np.asarray(array)


# Parquet -------------------------------------------------------------------------------------


def _read_parquet(path: str | os.PathLike[str]) -> Vectors:
    file = file_name(path)
    table = columnar_table(path)
    columns = dict(zip(table.column_names, table.columns, strict=True))
    kinds = {name: _kind(name, column.type) for name, column in columns.items()}
    lists, numbers, names = ([name for name in columns if kinds[name] == kind] for kind in ("list", "number", "name"))
    others = [name for name in columns if kinds[name] is None] + names[1:]
    names += [name for name in columns if kinds[name] == "id"][: 0 if names else 1]
    labels = [str(label) for label in columns[names[0]].to_pylist()] if names else None
    if len(lists) == 1:
        return _from_lists(columns[lists[0]], lists[0], file), labels
    if lists or others or not numbers:
        held = ", ".join(f"{name} ({column.type})" for name, column in columns.items()) or "nothing"
        raise FormatError(
            f"needs one column of lists, or columns of numbers and at most one of strings; it contains {held}",
            file=file,
        )
    vectors = np.column_stack([columns[name].to_numpy() for name in numbers])
    if labels is None and _begins_with_row_numbers(vectors):
        return vectors[:, 1:], [f"{number:g}" for number in vectors[:, 0].tolist()]
    return vectors, labels


def _kind(name: str, arrow_type: Any) -> str | None:
    """Return the kind of a column: "list" (of numbers), "number", "name", "id" (a label that is a number) or None."""
    types = require("pyarrow", extra="parquet").types
    is_list = types.is_list(arrow_type) or types.is_large_list(arrow_type) or types.is_fixed_size_list(arrow_type)
    value = arrow_type.value_type if is_list or types.is_dictionary(arrow_type) else arrow_type
    if types.is_integer(value) or types.is_floating(value) or types.is_boolean(value):
        if is_list or name.startswith(_INDEX):
            return "list" if is_list else "name"
        return "id" if _label_columns([name]) else "number"
    is_string = types.is_string(value) or types.is_large_string(value)
    return "name" if is_string and not is_list else None


def _from_lists(column: Any, name: str, file: str) -> NDArray[Any]:
    """Return the vectors in a column of lists."""
    compute = require("pyarrow.compute", extra="parquet")
    sizes = compute.fill_null(compute.list_value_length(column), 0).to_numpy()
    if len(sizes) == 0:
        raise FormatError("contains no vectors", file=file)
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
