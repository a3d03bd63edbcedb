"""A hash table of distinct words for kernels; see :mod:`mapeq.io.files._scan`."""

# Kernels carry no annotations: their docstrings give shapes and dtypes, Numba infers the rest.
# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mapeq._base.jit import jit, step

LINE_FEED, QUOTE, COMMA, ZERO = b'\n",0'
LONGEST = 20  # length of an integer below 2**63 with a line feed

_TAG = np.uint64(0xFFFFFFFF00000000)
_NUMBER = np.uint64(0x00000000FFFFFFFF)
_EMPTY = np.uint64(0)
AHEAD = 1 << 13  # bytes; the table entries for them fit into the L1 and L2 caches


class Words(NamedTuple):
    """Distinct words, numbered in order of occurrence, and a hash table to look them up.

    Attributes
    ----------
    size : int64 array of shape (2,)
        The number of words, and scratch for :func:`warm`.
    places : int64 array of shape (AHEAD // 2,)
        Scratch for :func:`warm`.
    ends : int64 array of shape (capacity + 1,)
        Word ``i`` is ``text[ends[i] : ends[i + 1]]``, its last byte a line feed; ``ends[0]`` is 0.
    text : uint8 array
        Has free space after the last word, where each word is written before it is looked up.
    slots : uint64 array whose length is a power of two and at least ``2 * capacity``; or empty: no lookup
        0 marks a free slot. Otherwise the upper half is that of the word's hash, the lower its number + 1.
    """

    size: NDArray[np.int64]
    places: NDArray[np.int64]
    ends: NDArray[np.int64]
    text: NDArray[np.uint8]
    slots: NDArray[np.uint64]


@step
def has_room(words, num_words, num_bytes):
    count = words.size[0]
    return count + num_words < len(words.ends) and words.ends[count] + num_bytes <= len(words.text)


@step
def put(words, data, begin, end, quoted):
    """Copy a word after the last one, with a line feed; return its end. `quoted` undoubles its quotes."""
    place = words.ends[words.size[0]]
    k = begin
    while k < end:
        words.text[place] = data[k]
        place += 1
        k += 2 if quoted and data[k] == QUOTE else 1
    words.text[place] = LINE_FEED
    return place + 1


@step
def _spell(words, number):
    """Write an integer after the last word, with a line feed; return its end."""
    place = words.ends[words.size[0]]
    rest = number // 10
    while rest > 0:
        place += 1
        rest //= 10
    end = place + 2
    words.text[place + 1] = LINE_FEED
    while True:
        words.text[place] = ZERO + number % 10
        number //= 10
        place -= 1
        if number == 0:
            return end


@step
def _hash(text, begin, end):
    """Return the FNV-1a hash, multiplied once more so that both halves depend on every byte."""
    bits = np.uint64(0xCBF29CE484222325)
    for k in range(begin, end):
        bits = (bits ^ np.uint64(text[k])) * np.uint64(0x100000001B3)
    bits ^= bits >> np.uint64(32)
    return bits * np.uint64(0x9E3779B97F4A7C15)


@step
def _first_slot(words, bits):
    """Return the first slot to probe for a word with this hash; the tag consists of its other bits."""
    return np.int64(bits & _NUMBER) & (len(words.slots) - 1)


@step
def _same(text, begin, end, other):
    while begin < end and text[begin] == text[other]:
        begin += 1
        other += 1
    return begin == end


@step
def number_of(words, end):
    """Return the number of the word written after the last one up to `end`, and keep it if it is new."""
    count = words.size[0]
    begin = words.ends[count]
    bits = _hash(words.text, begin, end - 1)
    mask = len(words.slots) - 1
    slot = _first_slot(words, bits)
    while words.slots[slot] != _EMPTY:
        if (words.slots[slot] ^ bits) & _TAG == _EMPTY:
            number = np.int64(words.slots[slot] & _NUMBER) - 1
            # Words end with their only line feed, so that no word is a prefix of another.
            if _same(words.text, begin, end, words.ends[number]):
                return number
        slot = (slot + 1) & mask
    words.slots[slot] = (bits & _TAG) | np.uint64(count + 1)
    append(words, end)
    return count


@step
def warm(words, data, position):
    """Prefetch the table entries for the words of the next lines into the processor's cache.

    A table of a million words lies in main memory, which is a hundred times slower than the cache, and each lookup is a
    chain of dependent reads. Here the reads for many words overlap. Words are guessed without parsing quotes; a wrong
    guess only misses the cache.

    Returns
    -------
    int64
        End of the data whose words were prefetched.
    """
    end = min(position + AHEAD, len(data))
    places = words.places
    count = 0
    while position < end:
        begin = position
        while data[position] > COMMA:
            position += 1
        if position > begin and count < len(places):
            places[count] = _first_slot(words, _hash(data, begin, position))
            count += 1
        position += 1
    for k in range(count):
        entry = words.slots[places[k]]
        places[k] = 0 if entry == _EMPTY else np.int64(entry & _NUMBER) - 1
    for k in range(count):
        places[k] = words.ends[places[k]]
    read = 0
    for k in range(count):
        read += words.text[places[k]]
    words.size[1] = read  # otherwise the compiler would drop the reads
    return position


@step
def append(words, end):
    """Keep the word written after the last one up to `end`."""
    words.size[0] += 1
    words.ends[words.size[0]] = end


@jit
def fill_slots(words):
    """Enter all words into the empty hash table."""
    mask = len(words.slots) - 1
    for number in range(words.size[0]):
        bits = _hash(words.text, words.ends[number], words.ends[number + 1] - 1)
        slot = _first_slot(words, bits)
        while words.slots[slot] != _EMPTY:
            slot = (slot + 1) & mask
        words.slots[slot] = (bits & _TAG) | np.uint64(number + 1)


@jit
def numbers_to_words(links, row, end, words):
    """Replace the integer labels in rows `row` to `end` by the numbers of the words that spell them.

    Return `end`, or the row at which there was no room for more words.
    """
    while row < end and has_room(words, 2, 2 * LONGEST):
        links.sources[row] = number_of(words, _spell(words, links.sources[row]))
        links.targets[row] = number_of(words, _spell(words, links.targets[row]))
        row += 1
    return row
