"""Run the command ``mapeq`` by ``python -m mapeq``."""

import sys

from mapeq.cli.parser import main

if __name__ == "__main__":
    sys.exit(main())
