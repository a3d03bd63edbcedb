#!/usr/bin/env bash
# Cluster an edge-list file from the shell: e-mails at a research institution.
set -euo pipefail
network="$(dirname "$0")/data/email-eu-core.txt.gz"
folder="$(mktemp -d)"
trap 'rm -r "$folder"' EXIT

# One search, two files. The suffix chooses the format; the summary goes to standard error.
mapeq cluster "$network" --directed --num-trials 5 -o "$folder/modules.tree" -o "$folder/modules.csv"

# Measure the modules again: from a file, and with the network from a pipe.
mapeq evaluate "$network" "$folder/modules.tree" --directed
gzip -dc "$network" | mapeq evaluate - "$folder/modules.csv" --directed | tail -n 1

# Without -o, each line of standard output is a node and its module. The sizes of the three largest modules:
mapeq cluster "$network" --directed --quiet | cut -f 2 | sort | uniq -c | sort -rn | head -n 3
