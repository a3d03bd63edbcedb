"""Layers: marriages and business of families in Florence, in the 15th century (Padgett & Ansell 1993)."""

import networkx as nx

import mapeq

marriage = nx.florentine_families_graph()
BUSINESS = {
    "Barbadori": ["Castellani", "Ginori", "Medici", "Peruzzi"],
    "Bischeri": ["Guadagni", "Lamberteschi", "Peruzzi"],
    "Castellani": ["Lamberteschi", "Peruzzi"],
    "Ginori": ["Medici"],
    "Guadagni": ["Lamberteschi"],
    "Lamberteschi": ["Peruzzi"],
    "Medici": ["Pazzi", "Salviati", "Tornabuoni"],
}
business = nx.Graph((family, other) for family, others in BUSINESS.items() for other in others)

network = mapeq.Network.from_layers({"marriage": marriage, "business": business})
print(network)
result = mapeq.infomap(network, num_trials=20)
print(result)
for layer in ("marriage", "business"):
    modules = result.layer(layer)
    print(layer)
    for number in sorted(set(modules.values())):
        print(f"  module {number}: {', '.join(family for family in modules if modules[family] == number)}")
for family, shares in result.memberships().items():
    if len(shares) > 1:
        print(f"{family} is in {' and '.join(f'module {number} ({share:.0%})' for number, share in shares.items())}")
