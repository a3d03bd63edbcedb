"""Kernels that parse text from bytes to numbers, without Python objects.

A block of text, ``data``, is a uint8 array of whole lines. Every line ends with a line feed, including the last, so
that loops need not check for the end of the block.

Kernels raise nothing. They stop at a line that they cannot process and return one of the status numbers below; the
caller makes room or raises an error, and calls again.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.jit import jit, step
from mapeq.io.files._numbers import BAD, EXACT, INEXACT, decimal, whole
from mapeq.io.files._words import append, has_room, number_of, put, warm

# No error: the caller acts and continues.
DONE = 0  # the block is read
FULL = 1  # no room for another row
WORDS_FULL = 2  # no room for another word
WEIGHTED = 3  # the first weight, before there is a column for weights
HEADING = 4  # a line that begins with an asterisk
WORD = 5  # a label that is not a plain integer
FIRST = 6  # the first link, before the number of fields is known; `begin` is the number

# Errors in the line.
ONE_FIELD = 7
EMPTY_FIELD = 8
OPEN_QUOTE = 9
AFTER_QUOTE = 10
MIXED = 11
BAD_NUMBER = 12
UNEVEN = 13  # another number of fields than on the first line; `begin` is the number

# Numbers of fields that lines must have, besides numbers from 2 on.
ANY = -1
UNKNOWN = 0
WITH_WEIGHT = 1  # any number that includes a weight
FEWEST = 2  # without a weight

_TAB, _LINE_FEED, _BLANK, _QUOTE, _HASH, _STAR, COMMA, _ZERO, _NINE = b'\t\n "#*,09'
#: The two types of links differ in the first letters; the bit makes letters lower case.
_UNDIRECTED = np.frombuffer(b"undirected", dtype=np.uint8)
_UN = len("un")
_LOWER = np.uint8(0x20)
#: Indices of the weight and the type in `Cells.places`.
WEIGHT = 2
TYPE = 3
#: Replaces the comma where commas do not separate fields: a field never begins with a space.
NO_COMMA = _BLANK


class Links(NamedTuple):
    """Columns of links, partly filled.

    ``weights`` (float64) is empty until the first weight occurs. ``sources`` and ``targets`` (int64) are integer
    labels, or numbers of words.
    """

    sources: NDArray[np.int64]
    targets: NDArray[np.int64]
    weights: NDArray[np.float64]


class Form(NamedTuple):
    """How the lines of a link list are written.

    Attributes
    ----------
    comma : int
        Byte that separates fields besides spaces and tabs, or ``NO_COMMA``.
    weighted : bool
        Whether to read a third field.
    num_fields : int
        What every line must have: ``ANY``, ``WITH_WEIGHT``, a number (see :func:`_num_fields`), or ``UNKNOWN``: as many
        as the first.
    comments : uint8 array
        What comments begin with, see :func:`next_line`.
    """

    comma: int
    weighted: bool
    num_fields: int
    comments: NDArray[np.uint8]


class Cells(NamedTuple):
    """How to split the lines of a table into cells, and which cells to read.

    ``separator`` is a byte; a space stands for any run of spaces and tabs. ``places`` (int64 array of shape (4,)) are
    the columns of source, target, weight and type, or -1. ``types`` (bool array of shape (2,)) records which types
    occurred: directed, undirected. ``found`` (int64 array of shape (4, 2)) is scratch: begin and end of each cell.
    """

    separator: int
    places: NDArray[np.int64]
    types: NDArray[np.bool_]
    found: NDArray[np.int64]


# Tables --------------------------------------------------------------------------------------
#
# Both kernels read lines from `position` on, fill rows from `row` on, and return
#
#   status : why they stopped
#   position : the start of the line at which they stopped, or the end of the block
#   row : the next row to fill
#   num_deferred : number of rows filled in `deferred`, int64 of shape (any, 3): row, begin and end of a number that
#       only Python can parse exactly
#   begin, end : the invalid number, if the status is BAD_NUMBER


@jit
def scan_links(data, position, form, links, row, deferred, words, cells):
    """Read lines "source target [weight]", or the given `cells`; with `words` None labels must be integers."""
    num_deferred = 0
    warmed = position
    while True:
        position, first = next_line(data, position, form.comments)
        if position == len(data):
            return DONE, position, row, num_deferred, 0, 0
        if words is not None and position >= warmed:
            warmed = warm(words, data, position)
        if data[first] == _STAR:
            return HEADING, position, row, num_deferred, 0, 0
        if cells is None:
            status, begin_1, end_1, begin_2, end_2, begin, end = _link_fields(data, first, form.comma, form.weighted)
        else:
            status, begin_1, end_1, begin_2, end_2, begin, end = _link_cells(data, position, cells)
        if status == EMPTY_FIELD and _is_empty(data, first, form.comma if cells is None else cells.separator):
            position = _line_end(data, first) + 1
            continue
        if status != DONE:
            return status, position, row, num_deferred, begin, end
        if form.num_fields != ANY:
            present = _num_fields(data, begin, end, form.comma, cells is None and form.num_fields != WITH_WEIGHT)
            if present != form.num_fields and (form.num_fields != WITH_WEIGHT or present == FEWEST):
                if form.num_fields != UNKNOWN and begin < end and decimal(data, begin, end)[1] == BAD:
                    return BAD_NUMBER, position, row, num_deferred, begin, end
                return FIRST if form.num_fields == UNKNOWN else UNEVEN, position, row, num_deferred, present, end
        if row == len(links.sources) or num_deferred == len(deferred):
            return FULL, position, row, num_deferred, begin, end
        if begin < end and len(links.weights) == 0:
            return WEIGHTED, position, row, num_deferred, begin, end
        if words is None:
            source, target = whole(data, begin_1, end_1), whole(data, begin_2, end_2)
            if source < 0 or target < 0:
                return WORD, position, row, num_deferred, begin, end
        elif has_room(words, 2, end_1 - begin_1 + end_2 - begin_2 + 2):
            source = number_of(words, put(words, data, begin_1, end_1, _is_quoted(data, begin_1)))
            target = number_of(words, put(words, data, begin_2, end_2, _is_quoted(data, begin_2)))
        else:
            return WORDS_FULL, position, row, num_deferred, begin, end
        if len(links.weights) > 0:
            weight, kind = (1.0, EXACT) if begin == end else decimal(data, begin, end)
            if kind == BAD or weight < 0:
                return BAD_NUMBER, position, row, num_deferred, begin, end
            if kind == INEXACT:
                deferred[num_deferred, 0], deferred[num_deferred, 1], deferred[num_deferred, 2] = row, begin, end
                num_deferred += 1
            links.weights[row] = weight
        links.sources[row] = source
        links.targets[row] = target
        row += 1
        position = _line_end(data, end if cells is None else first) + 1


@jit
def scan_vertices(data, position, ids, weights, row, deferred, names, comments):
    """Read Pajek's lines "id [name [weight]]"; a missing name is the id, a missing weight NaN."""
    num_deferred = 0
    while True:
        position, first = next_line(data, position, comments)
        if position == len(data):
            return DONE, position, row, num_deferred, 0, 0
        if data[first] == _STAR:
            return HEADING, position, row, num_deferred, 0, 0
        status, begin_1, end_1, begin_2, end_2, begin, end = _vertex_fields(data, first)
        if status != DONE:
            return status, position, row, num_deferred, begin, end
        if row == len(ids) or num_deferred == len(deferred):
            return FULL, position, row, num_deferred, begin, end
        if not has_room(names, 1, end_2 - begin_2 + 1):
            return WORDS_FULL, position, row, num_deferred, begin, end
        number = whole(data, begin_1, end_1)
        if number < 0:
            return WORD, position, row, num_deferred, begin, end
        weight, kind = (np.nan, EXACT) if begin == end else decimal(data, begin, end)
        if kind == BAD or weight < 0:
            return BAD_NUMBER, position, row, num_deferred, begin, end
        if kind == INEXACT:
            deferred[num_deferred, 0], deferred[num_deferred, 1], deferred[num_deferred, 2] = row, begin, end
            num_deferred += 1
        ids[row] = number
        weights[row] = weight
        append(names, put(names, data, begin_2, end_2, False))
        row += 1
        position = _line_end(data, end) + 1


# Lines and fields ----------------------------------------------------------------------------


@jit
def next_line(data, position, comments):
    """Return the starts of the next line and of its first field, or twice the end of the block.

    Blank lines and comments are skipped. `comments` (uint8 array) has a 1 for each byte that comments begin with, at
    the place of the byte, a 0 for the other ones of 256, and then what comments begin with, each with a line feed.
    """
    while position < len(data):
        first = _past_blanks(data, position)
        if data[first] == _LINE_FEED:
            position = first + 1
        elif comments[data[first]] != 0 and _begins_comment(data, first, comments):
            position = _line_end(data, first) + 1
        else:
            return position, first
    return position, position


@step
def _begins_comment(data, first, comments):
    place, k = first, 256
    while k < len(comments):
        if comments[k] == _LINE_FEED:
            return True
        if data[place] == comments[k]:
            place += 1
        else:
            place = first
            while comments[k] != _LINE_FEED:
                k += 1
        k += 1
    return False


@jit
def line_of_row(data, position, row, comments):
    """Return the start of the `row`-th line, from 0, without blank lines and comments."""
    line, first = next_line(data, position, comments)
    for _ in range(row):
        line, first = next_line(data, _line_end(data, first) + 1, comments)
    return line


@step
def _past_blanks(data, position):
    while data[position] == _BLANK or data[position] == _TAB:
        position += 1
    return position


@step
def _line_end(data, position):
    while data[position] != _LINE_FEED:
        position += 1
    return position


@step
def _field(data, position, comma):
    """Read one field and the separator after it.

    Returns
    -------
    status : int64
        DONE, EMPTY_FIELD, OPEN_QUOTE or AFTER_QUOTE.
    begin, end : int64
        The field, without its quotes.
    following : int64
        Start of the next field; a line feed if there is none.
    separated : bool
        Whether a comma follows.
    """
    begin = position
    if data[position] == _QUOTE:
        begin += 1
        status, end = _quoted(data, begin, comma)
        if status != DONE:
            return status, begin, begin, begin, False
        position = end + 1
    else:
        while data[position] not in (_BLANK, _TAB, comma, _LINE_FEED):
            position += 1
        end = position
    position = _past_blanks(data, position)
    separated = data[position] == comma
    if separated:
        position = _past_blanks(data, position + 1)
    return DONE if begin < end else EMPTY_FIELD, begin, end, position, separated


@step
def _quoted(data, position, comma):
    """Return status and end of the text in quotes; a doubled quote is part of it."""
    while True:
        if data[position] == _LINE_FEED:
            return OPEN_QUOTE, position
        if data[position] == _QUOTE:
            if data[position + 1] != _QUOTE:
                break
            position += 1
        position += 1
    following = data[position + 1]
    apart = following in (_BLANK, _TAB, comma, _LINE_FEED)
    return DONE if apart else AFTER_QUOTE, position


@step
def _link_fields(data, first, comma, weighted):
    """Split the line of a link; return status, and begin and end of source, target and weight.

    Begin and end of a missing weight are equal. A line has commas or it has none; otherwise "1 2 0,5" would weigh 0,
    and "New York,5" would link New to York.
    """
    status, source, source_end, following, comma_1 = _field(data, first, comma)
    if status != DONE:
        return status, source, source, source, source, source, source
    if data[following] == _LINE_FEED and not comma_1:
        return ONE_FIELD, source, source, source, source, source, source
    status, target, target_end, following, comma_2 = _field(data, following, comma)
    if status != DONE:
        return status, source, source_end, target, target, target, target
    last = data[following] == _LINE_FEED and not comma_2
    if comma_1 != comma_2 and not last:
        return MIXED, source, source_end, target, target_end, target, target
    if comma_2 and (data[following] == comma or data[following] == _LINE_FEED):
        last = _is_empty(data, following, comma)
    if last or not weighted:
        return DONE, source, source_end, target, target_end, target_end, target_end
    status, weight, weight_end, following, comma_3 = _field(data, following, comma)
    if comma_3 != comma_1 and (comma_3 or data[following] != _LINE_FEED):
        status = MIXED
    return status, source, source_end, target, target_end, weight, weight_end


@step
def _link_cells(data, position, cells):
    """Split as :func:`_link_fields`, from the cells of a table. A weight is missing if all cells from it on are."""
    found = cells.found
    last = cells.places[0]
    for role in range(len(cells.places)):
        found[role, 0], found[role, 1] = 0, 0
        last = max(last, cells.places[role])
    column = 0
    more = True
    while more and column <= last:
        status, begin, end, position, more = _cell(data, position, cells.separator)
        for role in range(len(cells.places)):
            if cells.places[role] == column:
                if begin == end and role != TYPE and not (role == WEIGHT and _is_empty(data, begin, cells.separator)):
                    status = EMPTY_FIELD
                found[role, 0], found[role, 1] = begin, end
        if status != DONE:
            return status, begin, begin, begin, begin, begin, begin
        column += 1
    _note_type(data, found[TYPE, 0], found[TYPE, 1], cells.types)
    status = DONE if found[0, 1] > 0 and found[1, 1] > 0 else ONE_FIELD
    return status, found[0, 0], found[0, 1], found[1, 0], found[1, 1], found[2, 0], found[2, 1]


@step
def _num_fields(data, begin, end, comma, counts_more):
    """Return the number of fields of a line with the given weight: 2 without one, at least 3 with one.

    With `counts_more`, numbers that directly follow the weight count, for adjacency lists have them.
    """
    if begin == end:
        return FEWEST
    number = FEWEST + 1
    if counts_more and data[end] != _LINE_FEED:
        position = _past_separator(data, end + 1 if data[end] == _QUOTE else end, comma)
        while _ZERO <= data[position] <= _NINE:
            number += 1
            while data[position] not in (_BLANK, _TAB, comma, _LINE_FEED):
                position += 1
            position = _past_separator(data, position, comma)
    return number


@step
def _past_separator(data, position, comma):
    position = _past_blanks(data, position)
    return _past_blanks(data, position + 1) if data[position] == comma else position


@step
def _is_empty(data, position, comma):
    """Return whether the rest of a line consists of separators, as spreadsheets write it."""
    while data[position] == comma or data[position] == _BLANK or data[position] == _TAB:
        position += 1
    return data[position] == _LINE_FEED


@step
def _cell(data, position, separator):
    """Read one cell; return status, begin and end without quotes, start of the next cell, whether there is one."""
    position = begin = _past_blanks_in_cell(data, position, separator)
    if data[position] == _QUOTE:
        begin += 1
        status, end = _quoted(data, begin, separator)
        if status != DONE:
            return status, begin, begin, begin, False
        position = end + 1
    else:
        end = begin
        while data[position] not in (separator, _LINE_FEED) and not (separator == _BLANK and data[position] == _TAB):
            position += 1
            if data[position - 1] != _BLANK and data[position - 1] != _TAB:
                end = position
    position = _past_blanks_in_cell(data, position, separator)
    if separator == _BLANK:
        return DONE, begin, end, position, data[position] != _LINE_FEED
    if data[position] == separator:
        return DONE, begin, end, position + 1, True
    return DONE if data[position] == _LINE_FEED else AFTER_QUOTE, begin, end, position, False


@step
def _past_blanks_in_cell(data, position, separator):
    while (data[position] == _BLANK or data[position] == _TAB) and (separator == _BLANK or data[position] != separator):
        position += 1
    return position


@step
def _note_type(data, begin, end, types):
    """Record whether a cell holds the type directed or undirected, in upper or lower case."""
    missing = len(_UNDIRECTED) - (end - begin)
    if missing != 0 and missing != _UN:
        return
    for k in range(begin, end):
        if data[k] | _LOWER != _UNDIRECTED[k - begin + missing]:
            return
    types[0 if missing else 1] = True


@step
def _vertex_fields(data, first):
    """Split the line of a vertex; return status, and begin and end of id, name and weight. A missing name is the id."""
    status, number, number_end, following, _ = _field(data, first, NO_COMMA)
    if status != DONE or data[following] == _LINE_FEED:
        return status, number, number_end, number, number_end, number_end, number_end
    status, name, name_end, following = _name(data, following)
    if status != DONE or data[following] == _LINE_FEED:
        return status, number, number_end, name, name_end, following, following
    status, weight, weight_end, _, _ = _field(data, following, NO_COMMA)
    return status, number, number_end, name, name_end, weight, weight_end


@step
def _is_quoted(data, begin):
    return begin > 0 and data[begin - 1] == _QUOTE


@step
def _name(data, position):
    """Return status, begin and end of a name in Pajek, and the start of the next field.

    A quote followed by a space ends a name; other quotes belong to the name.
    """
    if data[position] != _QUOTE:
        status, begin, end, following, _ = _field(data, position, NO_COMMA)
        return status, begin, end, following
    begin = end = position + 1
    while data[end] != _LINE_FEED:
        following = data[end + 1] if data[end] == _QUOTE else _HASH
        if following in (_BLANK, _TAB, _LINE_FEED):
            return DONE, begin, end, _past_blanks(data, end + 1)
        end += 1
    return OPEN_QUOTE, begin, end, end
