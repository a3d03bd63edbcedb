"""Every name and option of the infomap package is there, or refused with a reason; none is passed over in silence."""

import re
import subprocess
import sys
from pathlib import Path

import infomap
import numpy as np
import pytest

from mapeq import compat
from mapeq.integrations.infomap.nodes import Node
from mapeq.integrations.infomap.options import OPTIONS, SHORT, named_options
from mapeq.integrations.infomap.refused import ATTRIBUTES, NAMES, RESULT_ATTRIBUTES, NotSupportedError

TRIANGLES = [(1, 2), (1, 3), (2, 3), (3, 4), (4, 5), (4, 6), (5, 6)]
HELP = subprocess.run(
    [Path(sys.executable).parent / "infomap", "-hh"], capture_output=True, text=True, check=True
).stdout
REFUSED = {name: option.refusal for name, option in OPTIONS.items() if option.refusal}
FLAGS = re.findall(r"^  (?:-(\w)\S*)? +--([\w-]+)(?: \[\+\])?(?: <(\w+)>)?", HELP, re.MULTILINE)


def public(thing):
    return {name for name in dir(thing) if not name.startswith("_")}


def test_every_method_is_there_or_refused():
    assert public(infomap.Infomap) - public(compat.Infomap()) == set(ATTRIBUTES) & public(infomap.Infomap)
    assert public(infomap.Result) - {*public(compat.Result), "names", "elapsed_time", "state_names"} == set(
        RESULT_ATTRIBUTES
    )
    assert set(ATTRIBUTES) - public(infomap.Infomap) == set()
    assert public(infomap.TreeNode) - public(Node) == set()


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_a_refused_method_says_why(name):
    im = compat.Infomap()
    assert not hasattr(im, name)
    with pytest.raises(NotImplementedError, match=f"mapeq.compat has no {name}: {re.escape(ATTRIBUTES[name])}"):
        getattr(im, name)


@pytest.mark.parametrize("name", RESULT_ATTRIBUTES)
def test_so_does_a_refused_attribute_of_results(name):
    im = compat.Infomap()
    im.add_links(TRIANGLES)
    with pytest.raises(NotSupportedError, match=name):
        getattr(im.run(), name)


@pytest.mark.parametrize("name", NAMES)
def test_a_refused_name_cannot_be_imported_and_says_why(name):
    with pytest.raises(ImportError, match=re.escape(NAMES[name])):
        exec(f"from mapeq.compat import {name}")


def test_other_names_are_just_not_there():
    assert not hasattr(compat, "bogus")
    assert not hasattr(compat.Infomap(), "bogus")
    with pytest.raises(AttributeError, match="'Infomap' object has no attribute 'bogus'"):
        compat.Infomap().bogus  # noqa: B018


def test_the_help_of_the_program_is_read():
    assert len(FLAGS) > 70
    assert ("N", "num-trials", "integer") in FLAGS


@pytest.mark.parametrize(("short", "flag", "value"), FLAGS)
def test_every_flag_is_understood_or_refused(short, flag, value):
    name = flag.replace("-", "_")
    assert name in OPTIONS
    if short:
        assert SHORT[short] == name
    text = f"--{flag} 3" if value else f"--{flag}"
    if name in REFUSED:
        with pytest.raises(NotImplementedError, match=re.escape(f"--{flag}: {REFUSED[name]}")):
            compat.Infomap(text)
        if short:
            with pytest.raises(NotImplementedError, match=re.escape(f"-{short}: {REFUSED[name]}")):
                compat.Infomap(f"-{short}")
    else:
        assert list(named_options(text, {})) == [name]


def test_every_keyword_is_understood_or_refused():
    assert public(infomap.Options) - {"replace", "to_args", "to_kwargs"} <= set(OPTIONS)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_off_is_not_asked_for(name):
    assert named_options(None, {name: False}) == {name: False}
    compat.Infomap(**{name: None})
    with pytest.raises(NotSupportedError, match=name):
        compat.Infomap(**{name: True})


def test_options_in_a_mapping():
    assert named_options("-N 3", {"options": {"two_level": True, "seed": 4}, "seed": 5}) == {
        "two_level": True,
        "seed": 5,
        "num_trials": 3,
    }
    with pytest.raises(ValueError, match="mapping"):
        compat.Infomap(options="--two-level")


def with_state_of_nodes(im):
    import networkx as nx

    graph = nx.Graph([(1, 2)])
    graph.nodes[1]["node_id"] = 7
    im.add_networkx_graph(graph)


def test_networks_that_are_refused():
    with pytest.raises(NotSupportedError):
        with_state_of_nodes(compat.Infomap())


@pytest.mark.parametrize("name", ["weight_threshold", "no_self_links"])
def test_what_concerns_links_as_they_are_added_is_too_late_in_a_run(name):
    im = compat.Infomap(silent=True)
    im.add_links(TRIANGLES)
    with pytest.raises(ValueError, match=rf"{name} .* belongs in Infomap"):
        im.run(**{name: True})


@pytest.mark.parametrize("threads", [0, -1, "x"])
def test_threads_are_counted(threads):
    im = compat.Infomap(num_threads=threads)
    im.add_links(TRIANGLES)
    with pytest.raises(ValueError, match="num_threads"):
        im.run()


@pytest.mark.parametrize(
    "link", [(-1, 2), ("a", 2), (1.5, 2), (None, 2), (1, 2, -1), (1, 2, float("nan")), (1, 2, "x")]
)
def test_a_wrong_link_leaves_the_others_as_they_are(link):
    im = compat.Infomap()
    for add in (lambda: im.add_link(*link), lambda: im.add_links([(1, 2, 0.5)[: len(link)], link])):
        im.add_link(1, 2, 0.5)
        with pytest.raises(ValueError, match=r"whole number|weight"):
            add()
    im.add_link(2, 3)
    assert [ends for *ends, _ in im.links] == [[1, 2], [2, 3]]


def test_numbers_of_all_kinds():
    im = compat.Infomap()
    im.add_link(2.0, np.uint8(3), np.float32(0.5))
    im.add_links([(np.int64(3), True), (4, 5, 2)])
    im.add_links((k, k + 1) for k in range(5, 8))
    im.add_links(np.array([[8, 9], [9, 10]], dtype=np.uint64))
    im.add_link(2**63 - 2, 2**63 - 1)
    assert list(im.links)[:2] == [(2, 3, 0.5), (3, 1, 1.0)]
    assert im.num_links == 9
    with pytest.raises(ValueError, match=r"0 to 2\*\*63 - 1, not 9223372036854775808"):
        im.add_link(2**63, 1)
