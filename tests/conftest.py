import os
import re
import signal

import pytest
from hypothesis import settings

# A shell may start us with Ctrl-C ignored, in the background for one, and all tests of it would wait in vain.
signal.signal(signal.SIGINT, signal.default_int_handler)

# What a first use says of compiling depends on what other tests have compiled.
os.environ.setdefault("MAPEQ_QUIET", "1")

# Kernels compile on first use, so that no example has a deadline. Everybody runs the same examples: make test some of
# those that make test-more runs; pytest --hypothesis-profile=search looks for new ones.
settings.register_profile("some", deadline=None, print_blob=True, derandomize=True, max_examples=40)
settings.register_profile("more", deadline=None, print_blob=True, derandomize=True, max_examples=100)
settings.register_profile("search", deadline=None, print_blob=True, max_examples=1000)
settings.load_profile("some")

#: Tests of Ctrl-C, by their names.
SEND_SIGNALS = re.compile("ctrl_c|interrupt|who_stops")


def pytest_collection_modifyitems(items):
    """Run the tests of Ctrl-C on one worker, one after the other, under ``pytest -n 2 --dist loadgroup``.

    They come first: at the end the other workers would wait for this one.
    """
    for item in items:
        if SEND_SIGNALS.search(item.name):
            item.add_marker(pytest.mark.xdist_group("signals"))
    items.sort(key=lambda item: SEND_SIGNALS.search(item.name) is None)
