"""Scripts for shell completion, generated from the parser by shtab (extra ``completion``)."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from mapeq._base.optional import require
from mapeq.embeddings.graph import SYMMETRIZE, WEIGHTS
from mapeq.embeddings.neighbors import ALGORITHMS, METRICS
from mapeq.io.files.networks import FORMATS
from mapeq.pictures.network import KINDS
from mapeq.walk.options import BIPARTITE_FLOWS, FLOW_MODELS, TELEPORT_TARGETS

#: Values of options. The parser does not restrict them: the library rejects invalid ones with better messages.
_VALUES = {
    "flow_model": FLOW_MODELS,
    "teleport_to": TELEPORT_TARGETS,
    "bipartite_flow": BIPARTITE_FLOWS,
    "metric": METRICS,
    "weights": WEIGHTS,
    "symmetrize": SYMMETRIZE,
    "algorithm": ALGORITHMS,
    "markov_time": ("auto",),
    "kind": KINDS,
    "resample": ("links", "nodes"),
    "input_format": FORMATS,
}

#: Options and arguments that take files.
_FILES = ("file", "partition", "initial_partition", "modules", "output", "module_table")


def completion_script(parser: argparse.ArgumentParser, shell: str) -> str:
    """Return a script for a shell that completes commands, options, their values, and files.

    Parameters
    ----------
    parser : ArgumentParser
        Parser of the command. It is modified and must not be used afterwards.
    shell : {"bash", "zsh", "tcsh"}

    Returns
    -------
    str

    Raises
    ------
    ImportError
        If shtab is not installed.
    """
    shtab = require("shtab", extra="completion")
    for action in _actions(parser):
        if action.dest in _FILES:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        elif action.dest in _VALUES and action.option_strings:
            action.choices = _VALUES[action.dest]
    script: str = shtab.complete(parser, shell)
    return script


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Yield the options and arguments of a parser and of its commands."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _actions(command)
