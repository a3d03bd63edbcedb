"""Contacts over time: a day at a school, whose pupils meet in classes, in breaks and at sports."""

from datetime import datetime, timedelta
from pathlib import Path

import matplotlib as mpl
import numpy as np

import mapeq

mpl.use("Agg")
random = np.random.default_rng(1)
PUPILS = [f"{name}{number}" for name in ("A", "B", "C", "D") for number in range(1, 13)]
CLASSES = np.repeat(np.arange(4), 12)
FRIENDS = random.permutation(48) // 8  # groups of eight, from all classes
SPORTS = random.integers(0, 3, 48)
#: What is on from 8 o'clock, for an hour each.
DAY = [CLASSES, CLASSES, FRIENDS, CLASSES, CLASSES, FRIENDS, SPORTS, SPORTS]


def contacts():
    """Who is near whom: in each five minutes a third of the pupils meet one of their group, and a few anyone."""
    for hour, groups in enumerate(DAY, 8):
        for minute in range(0, 60, 5):
            for pupil in np.flatnonzero(random.random(48) < 1 / 3):
                near = groups == groups[pupil] if random.random() < 0.97 else groups >= 0
                near[pupil] = False
                other = random.choice(np.flatnonzero(near))
                time = datetime(2024, 5, 31, hour, minute) + timedelta(seconds=int(random.integers(300)))
                yield time, PUPILS[pupil], PUPILS[other]


network = mapeq.Network.from_contacts(contacts(), window="1h")
print(network)
result = mapeq.infomap(network, num_trials=5)
print(result)
for start in network.states.layers:
    modules = result.layer(start)
    sizes = {number: list(modules.values()).count(number) for number in sorted(set(modules.values()))}
    print(f"{start}: {', '.join(f'{size} pupils in module {number}' for number, size in sizes.items())}")
print("A1 over the day:", *(result.layer(start).get("A1", "-") for start in network.states.layers))

picture = Path("out", "temporal.png")
picture.parent.mkdir(exist_ok=True)
result.plot("layers", name="A day at school").figure.savefig(picture, dpi=120)
print(f"\nA picture, pupils by hours: {picture}")
