"""The options with which the modules in a file were found, from the comments at its top."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from mapeq._base.errors import FormatError
from mapeq.io.files.source import file_name, text_lines
from mapeq.walk.options import FLOW_MODELS, walk_options

_OPTIONS, _FLOW_MODEL = "# options ", "# flow model "


def recorded_options(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the options of the walk, and ``directed``, that the header of a .clu, .tree or .ftree file records.

    Files of infomap record the flow model only. A pipe must be :func:`~mapeq.io.files.source.rereadable`.

    Returns
    -------
    dict
        Empty if the file has no header.

    Raises
    ------
    FormatError
        If the file cannot be read, or a recorded value cannot be one of the option.
    """
    if Path(os.fspath(path).removesuffix(".gz")).suffix.lower() not in (".clu", ".tree", ".ftree", ""):
        return {}
    found: dict[str, Any] = {}
    for number, text in text_lines(path):
        if not text.startswith("#"):
            break
        if text.startswith(_FLOW_MODEL) and text.removeprefix(_FLOW_MODEL).strip() in FLOW_MODELS:
            flow_model = text.removeprefix(_FLOW_MODEL).strip()
            found |= {"flow_model": flow_model, "directed": FLOW_MODELS[flow_model].directed}
        if text.startswith(_OPTIONS):
            found |= _parsed(text, file_name(path), number)
    return found


def _parsed(text: str, file: str, line: int) -> dict[str, Any]:
    kinds: dict[str, type] = {option.name: type(option.default) for option in walk_options()} | {"directed": bool}
    found: dict[str, Any] = {}
    for word in text.removeprefix(_OPTIONS).split():
        name, _, value = word.partition("=")
        kind = kinds.get(name, str)
        try:
            parsed = {"True": True, "False": False}[value] if kind is bool else kind(value)
        except (KeyError, ValueError):
            raise FormatError(f"{name} cannot be {value!r}", file=file, line=line, text=text) from None
        if name in kinds:
            found[name] = parsed
    return found
