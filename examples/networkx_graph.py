"""Cluster a NetworkX graph: the characters of Les Misérables, linked by the scenes they share."""

import networkx as nx

import mapeq

graph = nx.les_miserables_graph()
result = mapeq.infomap(graph, num_trials=10)

print(result)
for module, community in enumerate(result.communities()):
    main = sorted(community, key=lambda name: -graph.degree(name, weight="weight"))
    print(f"{module}: {', '.join(main[:5])}{', ...' if len(main) > 5 else ''}")

# Any other partition can be measured: here the communities that maximise modularity.
by_modularity = nx.community.greedy_modularity_communities(graph, weight="weight")
print(f"modularity's communities: {mapeq.map_equation(graph, by_modularity):.4f} bits per step")
