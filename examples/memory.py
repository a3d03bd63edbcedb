"""Trips with memory: travellers fly home from a hub, and only a walk that remembers where it came from knows it."""

import random

import mapeq

random.seed(1)
AIRPORTS = {"north": ["Oslo", "Bergen", "Tromso", "Alta"], "south": ["Rome", "Bari", "Pisa", "Palermo"]}


def trip(region):
    """Flights over the hub; one in twenty leads to the other region."""
    places = []
    for _ in range(6):
        if random.random() < 0.05:
            region = "north" if region == "south" else "south"
        places += [random.choice(AIRPORTS[region]), "hub"]
    return places


trips = [trip(region) for region in AIRPORTS for _ in range(300)]

# Does memory pay? Some trips are held out, and the others predict them.
print(mapeq.compare_orders(trips, orders=[1, 2, 3]))

for order in (1, 2):
    result = mapeq.infomap(mapeq.Network.from_paths(trips, order=order), num_trials=5)
    print(f"order {order}: {result}")
    for number, towns in enumerate(result.communities(), 1):
        print(f"  module {number}: {', '.join(sorted(towns))}")
    shares = ", ".join(f"{share:.0%} in module {number}" for number, share in result.memberships()["hub"].items())
    print(f"  the hub: {shares}")
