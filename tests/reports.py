"""Networks for reports, and labels that are hard to show."""

import base64
import json
import re
import zlib

import networkx as nx

import mapeq

AWKWARD = ["<b>x</b>", "a & b", "</script><script>document.title = 'taken over'</script>", '"quoted"', "Müller", "😀"]
AWKWARD += ["שלום עולם", "日本語", "x" * 150, "", "${data}", "line\nbreak"]


def data_of(text):
    """The data of the page that a report is."""
    packed = re.search('<script type="text/plain" id="data">([^<]*)</script>', text)[1]
    return json.loads(zlib.decompress(base64.b64decode(packed)))


def caveman(cliques=3, size=4, labels=None):
    graph = nx.connected_caveman_graph(cliques, size)
    return nx.relabel_nodes(graph, dict(enumerate(labels))) if labels else graph


def three_rings():
    """Three rings of three cliques each, as modules in modules."""
    graph = nx.disjoint_union_all([nx.ring_of_cliques(3, 4)] * 3)
    graph.add_edges_from([(0, 12), (13, 24), (25, 1)])
    levels = {node: (node // 12, node // 4) for node in graph}
    return mapeq.evaluate(graph, levels)


def shared_node():
    """Trips through places: c is in three modules, and twice in module 1, whose modules share it."""
    trips = ["abc", "bca", "dec", "ecd", "fgc", "gcf", "hif", "ifh"] * 2 + ["acd", "cde", "dcf", "gfh"]
    network = mapeq.Network.from_paths([list(trip) for trip in trips], order=2)
    modules = {}
    for state in network.label_list():
        if set(state) <= set("abcde"):
            modules[state] = (0, 0 if state[0] in "de" else 1)
        else:
            modules[state] = (1, 2 if set(state) <= set("fhi") else 3)
    return mapeq.evaluate(network, modules)
