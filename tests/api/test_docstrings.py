"""Docstrings of all that is public: what goes in, what comes out, what is raised, and an example."""

import ast
import inspect
import re
import textwrap

import pytest

import mapeq
from mapeq._base import errors
from mapeq.result.modules import Module

CLASSES = {
    "mapeq.InfomapClustering": mapeq.InfomapClustering,
    "mapeq.Network": mapeq.Network,
    "mapeq.Progress": mapeq.Progress,
    "mapeq.ResolutionProfile": mapeq.ResolutionProfile,
    "mapeq.Result": mapeq.Result,
    "mapeq.Stability": mapeq.Stability,
    "mapeq.Module": Module,
}
ERRORS = {f"mapeq.{name}": getattr(mapeq, name) for name in mapeq.__all__ if name.endswith("Error")}
FUNCTIONS = {
    f"mapeq.{name}": getattr(mapeq, name) for name in mapeq.__all__ if inspect.isfunction(getattr(mapeq, name))
}


def _members(name, cls):
    for member, value in vars(cls).items():
        if not member.startswith("_"):
            value = getattr(value, "func", getattr(value, "fget", getattr(value, "__func__", value)))
            if inspect.isfunction(value):
                yield f"{name}.{member}", value


METHODS = {name: method for owner, cls in CLASSES.items() for name, method in _members(owner, cls)}
CALLABLE = FUNCTIONS | METHODS


def test_everything_public_is_looked_at():
    assert {f"mapeq.{name}" for name in mapeq.__all__} == {*CLASSES, *ERRORS, *FUNCTIONS, "mapeq.__version__"} - {
        "mapeq.Module",
        "mapeq.InfomapClustering",
    }


def each(names):
    """A test case for each name."""
    return pytest.mark.parametrize("name", list(names))


def sections(thing):
    """The headings that are underlined."""
    return set(re.findall(r"^(\w+)\n-{3,}$", inspect.getdoc(thing) or "", re.MULTILINE))


def parameters(function):
    return [name for name in inspect.signature(function).parameters if name not in ("self", "cls")]


def raised(function):
    """The errors of ours, and ValueError, that the function itself raises."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    calls = (node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise) and node.exc is not None)
    names = {node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else "" for node in calls}
    names = {"ValueError" if name == "option_error" else name for name in names}
    return {name for name in names if name == "ValueError" or isinstance(getattr(errors, name, None), type)}


@each(CLASSES | ERRORS | CALLABLE)
def test_it_has_a_docstring(name):
    assert inspect.getdoc((CLASSES | ERRORS | CALLABLE)[name])


WITH_PARAMETERS = [name for name in CALLABLE if parameters(CALLABLE[name])]


@each(WITH_PARAMETERS)
def test_parameters_have_a_section_that_names_each(name):
    doc = inspect.getdoc(CALLABLE[name])
    assert "Parameters" in sections(CALLABLE[name])
    if not re.search(r"^[\w, ]+, \.\.\. : as in ", doc, re.MULTILINE):  # and those of another function
        for parameter in parameters(CALLABLE[name]):
            assert re.search(rf"^(?:\*?\w+, )*\*{{0,2}}{parameter}\b.* : ", doc, re.MULTILINE), parameter


@each(WITH_PARAMETERS)
def test_what_is_returned_has_a_section(name):
    """Where there are no parameters the first line says it."""
    if inspect.signature(CALLABLE[name]).return_annotation not in ("None", None):
        assert sections(CALLABLE[name]) & {"Returns", "Yields"}


@each(name for name in CALLABLE if raised(CALLABLE[name]))
def test_errors_have_a_section_that_names_each(name):
    doc = inspect.getdoc(CALLABLE[name])
    assert "Raises" in sections(CALLABLE[name])
    for error in raised(CALLABLE[name]):
        assert re.search(rf"^(?:\w+, )*{error}\b", doc.partition("Raises\n")[2], re.MULTILINE), error


@each([*FUNCTIONS, *sorted(CLASSES.keys() - {"mapeq.Progress"})])
def test_there_is_an_example(name):
    assert ">>> " in inspect.getdoc((FUNCTIONS | CLASSES)[name])
