"""How the command draws pictures, from its options."""

from __future__ import annotations

import argparse

from mapeq.cli.networks import short_name
from mapeq.pictures.style import Style


def style_of(options: argparse.Namespace) -> Style:
    """Return the style that is asked for; the title begins with the name of the file.

    Raises
    ------
    ValueError
        If a value is invalid.
    """
    return Style(
        short_name(options.file),
        options.title,
        options.size,
        options.dpi,
        options.module_numbers,
        options.legend,
        options.arrows,
        options.rasterized,
        options.submodules,
        options.dark,
    )
