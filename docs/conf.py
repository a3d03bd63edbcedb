"""How Sphinx makes the site from the pages: ``make docs``. It needs no network."""

import mapeq

project = "mapeq"
author = "The mapeq developers"
copyright = author
version = release = mapeq.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = f"mapeq {version}"
html_static_path = ["_static"]
html_css_files = ["mapeq.css"]
html_copy_source = False
html_show_sphinx = False
pygments_style = "default"

myst_heading_anchors = 3
smartquotes_action = "D"  # dashes, as between a name and what it means; but quotes stay as in code

# Docstrings say in words what types they take, with shapes and dtypes, so that signatures need no annotations.
autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 80
napoleon_google_docstring = False
napoleon_use_param = False
napoleon_use_rtype = False
napoleon_custom_sections = [("Attributes", "params_style")]

# Words in types are no names; those of mapeq's own have to be found.
nitpicky = True
nitpick_ignore_regex = [(r"py:.*", r"(?!mapeq\.).*")]

#: What reads otherwise here than in the repository: links that lead out of docs/ stay within the site.
REPLACED = {
    "](../benchmarks/RESULTS.md": "](results.md",
    "](../CHANGELOG.md": "](changes.md",
    "[README.md](README.md)": "`benchmarks/README.md`",
    "| mapeq --help |": "| `mapeq --help` |",
}

#: Classes whose objects others make: how they are called says nothing.
NOT_CALLED = {"mapeq.Result", "mapeq.Network", "mapeq.Progress", "mapeq.result.modules.Module"}


def setup(app):
    """Correct what would not be read as it is meant."""
    app.connect("source-read", lambda app, page, source: _replace(source))
    app.connect("include-read", lambda app, path, page, source: _replace(source))
    app.connect("autodoc-process-signature", lambda app, what, name, *rest: ("", "") if name in NOT_CALLED else None)
    app.connect("autodoc-process-docstring", _before_napoleon, priority=100)


def _replace(source):
    for here, there in REPLACED.items():
        source[0] = source[0].replace(here, there)


def _before_napoleon(app, what, name, obj, options, lines):
    """Hide first lines behind an empty comment: napoleon takes what is before a colon for a type."""
    if what in ("property", "attribute"):
        lines[:] = ["..", "", *(line for line in lines if not line.startswith("Alias for field"))]
