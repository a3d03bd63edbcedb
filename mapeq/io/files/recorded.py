"""The options with which the modules in a file were found: from the comments at its top, or from JSON."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from mapeq._base.errors import FormatError
from mapeq._base.options import stated_options
from mapeq.io.files.compression import plain_name
from mapeq.io.files.source import file_name, reading, text_lines
from mapeq.objective.options import ObjectiveOptions
from mapeq.walk.options import FLOW_MODELS, WalkOptions

_OPTIONS, _FLOW_MODEL = "# options ", "# flow model "


def recorded_options(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the options of the walk, and ``directed``, that a .clu, .tree, .ftree or .json file records.

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
    suffix = Path(plain_name(os.fspath(path))).suffix.lower()
    if suffix not in (".clu", ".tree", ".ftree", ".json", ""):
        return {}
    found: dict[str, Any] = {}
    for number, text in text_lines(path):
        if text.lstrip().startswith("{"):
            return _in_json(path)
        if not text.startswith("#"):
            break
        if text.startswith(_FLOW_MODEL) and text.removeprefix(_FLOW_MODEL).strip() in FLOW_MODELS:
            flow_model = text.removeprefix(_FLOW_MODEL).strip()
            found |= {"flow_model": flow_model, "directed": FLOW_MODELS[flow_model].directed}
        if text.startswith(_OPTIONS):
            found |= _parsed(text, file_name(path), number)
    return found


def _in_json(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the options in a result of mapeq in JSON."""
    with reading(file_name(path), "a result in JSON"):
        options = json.loads("\n".join(text for _, text in text_lines(path))).get("options", {})
        found = {name: kind(options[name]) for name, kind in _kinds().items() if options.get(name) is not None}
        for name, value in found.items():
            _check(name, value)
        return found


def _kinds() -> dict[str, type]:
    """Return the types of the options of the walk and of the objective, and of ``directed``."""
    stated = stated_options(WalkOptions) + stated_options(ObjectiveOptions)
    return {option.name: option.metadata["kind"] for option in stated} | {
        "directed": bool,
        "bipartite": bool,
        "metadata": bool,
    }


def _parsed(text: str, file: str, line: int) -> dict[str, Any]:
    kinds = _kinds()
    found: dict[str, Any] = {}
    for word in text.removeprefix(_OPTIONS).split():
        name, _, value = word.partition("=")
        if name not in kinds or value == "None":
            continue
        try:
            found[name] = {"True": True, "False": False}[value] if kinds[name] is bool else kinds[name](value)
            _check(name, found[name])
        except (KeyError, ValueError):
            raise FormatError(f"{name} cannot be {value!r}", file=file, line=line, text=text) from None
    return found


def _check(name: str, value: Any) -> None:
    """Raise a ValueError if an option cannot have this value."""
    if name != "directed":
        WalkOptions.from_dict({name: value})
        ObjectiveOptions.from_dict({name: value})
