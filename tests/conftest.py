import os

from hypothesis import settings

# Kernels compile on first use, so that no example has a deadline.
settings.register_profile("mapeq", deadline=None, print_blob=True)
settings.register_profile("ci", settings.get_profile("mapeq"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "mapeq")
