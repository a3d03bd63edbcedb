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

# Docstrings say in words what types they take, with shapes and dtypes, so that signatures need no annotations.
autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 80
napoleon_google_docstring = False
napoleon_use_param = False
napoleon_use_rtype = False

# Words in types are no names; those of mapeq's own have to be found.
nitpicky = True
nitpick_ignore_regex = [(r"py:.*", r"(?!mapeq\.).*")]

#: What stands beside docs/ in the repository, and the page that shows it here.
OUTSIDE = {"../benchmarks/RESULTS.md": "results.md", "../CHANGELOG.md": "changes.md"}


def setup(app):
    """Let links that lead out of docs/ stay within the site."""
    app.connect("source-read", lambda app, page, source: _lead_inside(source))
    app.connect("include-read", lambda app, path, page, source: _lead_inside(source))


def _lead_inside(source):
    for outside, inside in OUTSIDE.items():
        source[0] = source[0].replace(f"]({outside}", f"]({inside}")
    source[0] = source[0].replace("[README.md](README.md)", "`benchmarks/README.md`")
