"""Cluster a NetworkX graph: the characters of Les Misérables, linked by the scenes they share."""

import networkx as nx

import mapeq

graph = nx.les_miserables_graph()
result = mapeq.infomap(graph, num_trials=10)

print(result)
for number, community in enumerate(result.communities()):
    main = sorted(community, key=lambda name: -graph.degree(name, weight="weight"))
    print(f"{number}: {', '.join(main[:5])}{', ...' if len(main) > 5 else ''}")

# Communities found by modularity give a longer description.
modularity = nx.community.greedy_modularity_communities(graph, weight="weight")
print(f"communities by modularity: {mapeq.map_equation(graph, modularity):.4f} bits per step")
