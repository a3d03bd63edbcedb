"""Cluster a bipartite network: women of a town in the 1930s, and the social events that they went to."""

import networkx as nx

import mapeq

# The node attribute "bipartite" is 0 for women and 1 for events, so that modules are about women.
graph = nx.davis_southern_women_graph()
result = mapeq.infomap(graph, num_trials=10, markov_time=0.5)

print(result)
for number, community in enumerate(result.communities(), 1):
    women = sorted(node for node in community if node in graph.graph["top"])
    events = sorted((node for node in community if node not in women), key=lambda event: int(event[1:]))
    print(f"{number}: {', '.join(women)}" + (f"; at {', '.join(events)}" if events else ""))

# Tables and files of one side.
print(result.primary().modules()["Evelyn Jefferson"])
