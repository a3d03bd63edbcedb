"""Modules that respect departments: who writes to whom at a research institution."""

from pathlib import Path

import networkx as nx

import mapeq

DATA = Path(__file__).parent / "data"

graph = nx.read_edgelist(DATA / "email-eu-core.txt.gz", create_using=nx.DiGraph, nodetype=int)
lines = (DATA / "email-eu-core-departments.txt").read_text().splitlines()
departments = dict(map(int, line.split()) for line in lines if not line.startswith("#"))
nx.set_node_attributes(graph, {person: departments[person] for person in graph}, "department")

print("rate  modules  agreement  bits for the walk  bits for departments")
for rate in (0, 0.1, 0.3, 1):
    result = mapeq.infomap(graph, metadata="department", metadata_rate=rate, num_trials=10)
    walk = result.codelength - result.metadata_codelength
    agreement, bits = result.metadata_agreement(), result.metadata_codelength
    print(f"{rate:4}  {result.num_modules:7}  {agreement:9.3f}  {walk:17.4f}  {bits:20.4f}")

# What the largest modules of the last search are: whole departments, or parts of them.
for number, people in enumerate(result.communities()[:5], 1):
    names = sorted({departments[person] for person in people})
    print(f"module {number}: {len(people)} people of {'departments' if len(names) > 1 else 'department'}", *names)
