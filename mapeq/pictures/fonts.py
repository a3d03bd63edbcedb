"""Fonts for names in any script: where those of matplotlib lack characters, further ones on this machine."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from functools import cache, lru_cache, wraps
from pathlib import Path
from typing import NamedTuple, ParamSpec, TypeVar

from mapeq._base.notes import note
from mapeq._base.optional import require

_P = ParamSpec("_P")
_T = TypeVar("_T")

#: What is drawn in place of a character that no font has.
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
#: Number of such characters that a warning names.
_MOST_NAMED = 5

#: Fonts that have a box, or nothing, for each character.
_WITHOUT_CHARACTERS = ("LastResort", "AdobeBlank")

#: Characters of the picture that is being drawn which no font has.
_missing: ContextVar[set[str] | None] = ContextVar("missing", default=None)


def warns_once(draw: Callable[_P, _T]) -> Callable[_P, _T]:
    """Let a function that draws a picture warn once, in the end, of all characters that no font has."""

    @wraps(draw)
    def drawn(*args: _P.args, **options: _P.kwargs) -> _T:
        missing: set[str] = set()
        token = _missing.set(missing)
        try:
            picture = draw(*args, **options)
        finally:
            _missing.reset(token)
        if missing:
            named = [f"{mark} ({unicodedata.name(mark, f'U+{ord(mark):04X}')})" for mark in sorted(missing)]
            more = f" and {len(named) - _MOST_NAMED:,} more" if len(named) > _MOST_NAMED else ""
            note(
                f"no font on this machine has {', '.join(named[:_MOST_NAMED])}{more}; {_REPLACEMENT} is drawn instead. "
                "A font that has them needs to be installed"
            )
        return picture

    return drawn


def typeset(text: str) -> tuple[str, list[str] | None]:
    """Return a text as it can be drawn, and the families of fonts to draw it with, None for matplotlib's default.

    Characters that no font has are replaced. Ones that are not seen are left out if no font has them.
    """
    if text.isascii():
        return text, None
    needed = frozenset(mark for mark in text if not mark.isascii())
    families, lacking = _families(needed, tuple(_default_families()))
    if not lacking:
        return text, list(families) or None
    seen = {mark for mark in lacking if unicodedata.category(mark) != "Cf" and not "\ufe00" <= mark <= "\ufe0f"}
    if (missing := _missing.get()) is not None:
        missing |= seen
    text = text.translate({ord(mark): _REPLACEMENT if mark in seen else None for mark in lacking})
    return text, list(families) or None


def typeset_together(texts: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return lines of text as they can be drawn, and the families of fonts to draw all of them with."""
    found = [typeset(text)[0] for text in texts]
    return found, typeset(" ".join(found))[1] or _default_families()


@lru_cache(maxsize=1024)
def _families(needed: frozenset[str], default: tuple[str, ...]) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return the families that have these characters, () for the default ones, and the characters that none has."""
    lacking = needed
    for family in default:
        lacking = lacking - _coverage(_default_file(family)).marks
    further = []
    for path in _further_files() if lacking else ():
        family, marks = _coverage(path)
        if lacking & marks:
            _register(path)
            further.append(family)
            lacking = lacking - marks
        if not lacking:
            break
    return ((*default, *further) if further else ()), lacking


def _default_families() -> list[str]:
    return list(require("matplotlib", extra="plot").rcParams["font.family"])


def _default_file(family: str) -> str:
    manager = require("matplotlib.font_manager", extra="plot")
    return str(manager.findfont(manager.FontProperties(family=[family])))


@lru_cache(maxsize=1)
def _further_files() -> tuple[str, ...]:
    """Return the files of fonts on this machine, also of ones installed after matplotlib looked: regular sans first."""
    manager = require("matplotlib.font_manager", extra="plot")
    known = {entry.fname for entry in manager.fontManager.ttflist}
    found = sorted(known | set(manager.findSystemFonts()), key=_rank)
    return tuple(path for path in found if not any(name in path for name in _WITHOUT_CHARACTERS))


def _rank(path: str) -> tuple[bool, bool, bool, str]:
    name = Path(path).stem
    styled = any(style in name for style in ("Bold", "Italic", "Oblique", "Light", "Thin", "Black", "Condensed"))
    return styled, "Sans" not in name, "Mono" in name, name


class _Coverage(NamedTuple):
    """What a font has."""

    family: str
    marks: frozenset[str]  #: its characters


@cache
def _coverage(path: str) -> _Coverage:
    """Return what a font has: nothing if it cannot be read or scaled, as those of pictures in colour cannot."""
    fonts = require("matplotlib.ft2font", extra="plot")
    try:
        font = fonts.FT2Font(path)
        font.set_size(10, 72)
    except (OSError, RuntimeError):
        return _Coverage("", frozenset())
    return _Coverage(font.family_name, frozenset(map(chr, font.get_charmap())))


def _register(path: str) -> None:
    """Make a font known to matplotlib, in this process."""
    manager = require("matplotlib.font_manager", extra="plot").fontManager
    if all(entry.fname != path for entry in manager.ttflist):
        manager.addfont(path)
