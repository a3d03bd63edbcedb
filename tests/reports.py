"""Networks for reports, and labels that are hard to show."""

import networkx as nx

import mapeq

AWKWARD = ["<b>x</b>", "a & b", "</script><script>document.title = 'taken over'</script>", '"quoted"', "Müller", "😀"]
AWKWARD += ["שלום עולם", "日本語", "x" * 150, "", "${data}", "line\nbreak"]


def caveman(cliques=3, size=4, labels=None):
    graph = nx.connected_caveman_graph(cliques, size)
    return nx.relabel_nodes(graph, dict(enumerate(labels))) if labels else graph


def three_rings():
    """Three rings of three cliques each, as modules in modules."""
    graph = nx.disjoint_union_all([nx.ring_of_cliques(3, 4)] * 3)
    graph.add_edges_from([(0, 12), (13, 24), (25, 1)])
    levels = {node: (node // 12, node // 4) for node in graph}
    return mapeq.evaluate(graph, levels)
