"""How the command draws pictures, from its options."""

from __future__ import annotations

import argparse

from mapeq._base.errors import option_error
from mapeq.cli.networks import short_name
from mapeq.pictures.files import is_picture
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


def looks_of(options: argparse.Namespace, name: str | None = None) -> Style:
    """Return the style that is asked for of other pictures than those of networks, whose titles begin with a name.

    Raises
    ------
    ValueError
        If a value is invalid, or one is given without a picture among the outputs.
    """
    looks = {"size": options.size, "dpi": options.dpi, "title": options.title, "dark": options.dark}
    if not any(map(is_picture, options.output)):
        why = "omitted, because no output is a .png, .svg or .pdf file"
        if options.title is False:
            raise ValueError(f"--no-title must be {why}")
        for option, value in looks.items():
            if value is not None and value is not (option == "title"):  # True by default, others False
                raise option_error(option, value, why)
    return Style(name, **looks)
