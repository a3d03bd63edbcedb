"""The options of the walk, stated once: Python's functions and the command have them all, with the same defaults."""

import inspect
from dataclasses import fields

import pytest

import mapeq
from mapeq.cli.parser import parser
from mapeq.objective.options import ObjectiveOptions
from mapeq.walk.options import WalkOptions

FIELDS = {option.name: option for kind in (WalkOptions, ObjectiveOptions) for option in fields(kind)}


@pytest.mark.parametrize("option", FIELDS)
@pytest.mark.parametrize("function", [mapeq.infomap, mapeq.evaluate], ids=["infomap", "evaluate"])
def test_functions_take_each_option_with_its_default(function, option):
    parameter = inspect.signature(function).parameters[option]
    assert parameter.kind is parameter.KEYWORD_ONLY
    expected = FIELDS[option].default
    if option == "flow_model" or function is mapeq.evaluate:  # by default as the network is, or as modules were found
        expected = None
    assert parameter.default == expected
    assert type(parameter.default) is type(expected)


def test_the_docstring_of_infomap_has_the_paragraph_of_each_option():
    for option in FIELDS.values():
        assert option.metadata["doc"] in mapeq.infomap.__doc__
        assert option.metadata["doc"].startswith(f"{option.name} : ")


def subcommands():
    (commands,) = (action for action in parser()._actions if action.dest == "command")
    return commands.choices


@pytest.mark.parametrize("option", FIELDS)
@pytest.mark.parametrize("command", ["cluster", "evaluate", "plot"])
def test_the_command_has_a_flag_for_each_option(command, option):
    action = next(action for action in subcommands()[command]._actions if action.dest == option)
    assert f"--{option.replace('_', '-')}" in action.option_strings
    assert set(FIELDS[option].metadata["flags"]) == set(action.option_strings)
    assert action.default is None  # Python's default, or as the modules in a file were found
    assert action.help


@pytest.mark.parametrize("links", [[(0, 1), (1, 2)], [(0, 1), (1, 0), (1, 2), (2, 3)]])
@pytest.mark.parametrize("directed", [False, True])
def test_evaluate_has_the_defaults_of_infomap(links, directed):
    found = mapeq.infomap(links, directed=directed)
    assert mapeq.evaluate(links, found.modules(), directed=directed).options.items() <= found.options.items()
