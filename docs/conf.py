"""Sphinx configuration of the site, which ``make docs`` builds without network access."""

from docutils import nodes
from latex2mathml.converter import convert

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
myst_enable_extensions = ["dollarmath"]
myst_fence_as_directive = ["math"]
html_math_renderer = "mathml"
smartquotes_action = "D"  # dashes only; quotes stay as in code

# Docstrings give types in words, with shapes and dtypes, so signatures are shown without annotations.
autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 80
napoleon_google_docstring = False
napoleon_use_param = False
napoleon_use_rtype = False
napoleon_custom_sections = [("Attributes", "params_style")]

# Types in docstrings are words, not references; references to mapeq's own names must resolve.
nitpicky = True
nitpick_ignore_regex = [(r"py:.*", r"(?!mapeq\.).*")]

#: Text that differs between repository and site: links out of docs/ stay within the site.
REPLACED = {
    "](../benchmarks/RESULTS.md": "](results.md",
    "](../CHANGELOG.md": "](changes.md",
    "[README.md](README.md)": "`benchmarks/README.md`",
    "[CONTRIBUTING.md](CONTRIBUTING.md)": "`CONTRIBUTING.md`",
}

#: Classes that users do not instantiate: the signature is hidden.
NOT_CALLED = {
    "mapeq.Result",
    "mapeq.Network",
    "mapeq.Progress",
    "mapeq.result.modules.Module",
    "mapeq.compat.Result",
}


def setup(app):
    """Register the replacements, and formulas as MathML, which browsers show without a script."""
    app.add_html_math_renderer("mathml", (_inline_formula, None), (_formula, None))
    app.connect("source-read", lambda app, page, source: _replace(source))
    app.connect("include-read", lambda app, path, page, source: _replace(source))
    app.connect("autodoc-process-signature", lambda app, what, name, *rest: ("", "") if name in NOT_CALLED else None)
    app.connect("autodoc-process-docstring", _before_napoleon, priority=100)


def _replace(source):
    for here, there in REPLACED.items():
        source[0] = source[0].replace(here, there)


def _inline_formula(writer, node):
    writer.body.append(_mathml(node, "inline"))
    raise nodes.SkipNode


def _formula(writer, node):
    writer.body.append(f'<div class="formula">{_mathml(node, "block")}</div>')
    raise nodes.SkipNode


def _mathml(node, display):
    """Return a formula as MathML, with the space between a logarithm and a fraction that TeX adds by itself."""
    return convert(node.astext().replace(r"\log_2 \frac", r"\log_2 \, \frac"), display=display)


def _before_napoleon(app, what, name, obj, options, lines):
    """Put an empty comment first: napoleon takes the text before a colon for a type."""
    if what in ("property", "attribute"):
        lines[:] = ["..", "", *(line for line in lines if not line.startswith("Alias for field"))]
