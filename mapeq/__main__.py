"""``python -m mapeq`` is the command ``mapeq``."""

import sys

from mapeq.cli.parser import main

if __name__ == "__main__":
    sys.exit(main())
