#!/usr/bin/env bash
# Cluster an edge list from the shell: e-mails at a research institution.
set -euo pipefail
network="$(dirname "$0")/data/email-eu-core.txt.gz"
folder="$(mktemp -d)"
trap 'rm -r "$folder"' EXIT

# Write several files; the suffix selects the format, and the summary goes to standard error.
mapeq cluster "$network" --directed --num-trials 5 -o "$folder/modules.tree" -o "$folder/modules.csv"

# Evaluate the modules, with the network from a file and from a pipe.
mapeq evaluate "$network" "$folder/modules.tree" --directed
gzip -dc "$network" | mapeq evaluate - "$folder/modules.csv" --directed | tail -n 1

# Use labels and modules in a pipe: print the sizes of the three largest modules.
mapeq cluster "$network" --directed --quiet | cut -f 2 | sort | uniq -c | sort -rn | head -n 3
